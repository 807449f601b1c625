"""Blends: somebody between several voices of the library, named as `anna(2)+carlos`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from voice_library.shelf import Shelf
from voice_library.voice import Gender, Profile, Voice
from worker.engines.base import BlendingEngine
from worker.errors import InvalidRequest, UnsupportedVoice

BETWEEN = "+"
MOST_PARTS = 8
HEAVIEST = 1000.0
ID_DIGITS = 12

Blender = TypeVar("Blender", bound=BlendingEngine)

_PART = re.compile(r"\s*(?P<name>[^()+]+?)\s*(?:\(\s*(?P<weight>[0-9]{1,4}(?:\.[0-9]{1,4})?)\s*\)\s*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A voice of a blend."""

    voice: Voice
    weight: float
    """As it was given; 1 unless another is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """Somebody between voices, before it is known which engine finds them."""

    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """As a request may have it again."""
        return BETWEEN.join(f"{part.voice.id}({part.weight:g})" for part in self.parts)

    @property
    def heaviest(self) -> Voice:
        """The voice of the greatest weight, of equals the first."""
        return max(self.parts, key=lambda part: part.weight).voice

    @property
    def language(self) -> str:
        """The heaviest voice's."""
        return self.heaviest.language

    def spoken_by(self, engine: BlendingEngine) -> Voice:
        """The voice, with what the engine needs to speak as them.

        Raises:
            UnsupportedVoice, InvalidReference, EngineFailed: as `BlendingEngine.blend`.

        """
        embedding = engine.blend([(part.voice, part.weight) for part in self.parts])
        genders: set[Gender] = {part.voice.gender for part in self.parts}
        names = " + ".join((part.voice.names or (part.voice.id,))[0] for part in self.parts)
        return Voice(
            id=f"blend-{hashlib.blake2b(self.name.encode(), digest_size=ID_DIGITS // 2).hexdigest()}",
            names=(names,),
            language=self.language,
            gender=genders.pop() if len(genders) == 1 else "neutral",
            tier="premium",
            embeddings={engine.embedding_key: embedding},
            lexicon=self.heaviest.lexicon,
            options=self.heaviest.options,
        )


def is_blend(name: str) -> bool:
    """Whether `name`, which is that of no voice, reads as a blend."""
    return BETWEEN in name


def blend_of(name: str, shelf: Shelf) -> Blend:
    """The blend that `name` spells: voices with weights, such as `anna(2)+carlos`.

    Raises:
        InvalidRequest: it cannot be read, a weight is not over 0, or there are too many parts.
        UnknownVoice: one of them does not exist; of the voice library.

    """
    written = name.split(BETWEEN)
    if len(written) > MOST_PARTS:
        raise InvalidRequest(f"a blend has at most {MOST_PARTS} voices, and this has {len(written)}", field="voice")
    parts = tuple(_part(each, shelf) for each in written)
    if len({part.voice.id for part in parts}) < len(parts):
        raise InvalidRequest("a voice is named twice in a blend: name it once, with a greater weight", field="voice")
    return Blend(parts=parts)


def between(blend: Blend, engines: Sequence[Blender], language: str) -> Blender:
    """The first of the engines that can speak all of the voices, one of the language where there is one.

    Raises:
        UnsupportedVoice: none can.

    """
    able = [engine for engine in engines if all(engine.can_speak(part.voice) for part in blend.parts)]
    if not able:
        names = " and ".join(repr(engine.name) for engine in engines)
        raise UnsupportedVoice(
            f"{names} cannot blend {blend.name!r}: one of the voices has neither a recording nor an embedding for it; "
            "leave it out, or bake it",
            field="voice",
        )
    return next((engine for engine in able if engine.capabilities.speaks(language)), able[0])


def _part(written: str, shelf: Shelf) -> Part:
    found = _PART.fullmatch(written)
    weight = float(found["weight"] or 1) if found else 0.0
    if found is None or not 0 < weight <= HEAVIEST:
        raise InvalidRequest(
            f"a blend is written as names with weights over 0 and up to {HEAVIEST:g}: anna(2)+carlos(0.5)",
            field="voice",
        )
    entry = shelf.find(found["name"])
    if isinstance(entry, Profile):
        raise InvalidRequest(f"{entry.id!r} is a profile: name its voice {entry.voice!r} in a blend", field="voice")
    return Part(voice=entry, weight=weight)
