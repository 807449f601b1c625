"""What the library holds: voices with their references and embeddings, and profiles built on them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict

VOICE_ID = r"[a-z0-9][a-z0-9_-]{0,63}"
LANGUAGE = r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?"
"""BCP 47 as far as voices need it: language, script, region."""
EMBEDDING_KEY = r"[a-z0-9][a-z0-9_-]{0,63}/[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
ARRAY_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"

Gender = Literal["female", "male", "neutral"]
Tier = Literal["standard", "premium"]
"""Standard: a formula or a bundled voice speaks. Premium: derived from the recording of a real speaker."""

EFFECT_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"pitch_semitones": (-12, 12), "speed": (0.25, 4), "volume_db": (-40, 20), "reverb": (0, 1)}
)


DIGEST_BYTES = 16

Arrays = Mapping[str, NDArray[Any]]


class Embedding(Mapping[str, NDArray[Any]]):
    """What one engine derived from a reference: named arrays of numbers, none of which can be changed."""

    __slots__ = ("_digest", "_load")

    def __init__(self, arrays: Arrays) -> None:
        for name in arrays:
            _require(ARRAY_NAME, name, "array name")
        kept = {name: _unchangeable(array) for name, array in arrays.items()}
        self._load: Callable[[], Arrays] = lambda: kept
        self._digest = b""

    @classmethod
    def later(cls, load: Callable[[], Arrays]) -> Self:
        """One whose arrays `load` gives, read-only and the same each time, whenever they are asked for."""
        embedding = cls.__new__(cls)
        embedding._load, embedding._digest = load, b""  # noqa: SLF001 - one of its own
        return embedding

    @property
    def digest(self) -> bytes:
        """Stands for names, types, shapes and numbers; computed once."""
        if not self._digest:
            arrays = self._load()
            self._digest = _digest(*(part for name in sorted(arrays) for part in _parts(name, arrays[name])))
        return self._digest

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._load()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._load())

    # Mapping would compare arrays with ==, which has no single answer; an embedding is the one it is.
    __eq__ = object.__eq__
    __hash__ = object.__hash__


class Reference:
    """A recording of a speaker, which cannot be changed."""

    __slots__ = ("_digest", "_frames", "_load", "sample_rate")

    sample_rate: int
    """Hertz."""

    def __init__(self, *, samples: NDArray[np.float32], sample_rate: int) -> None:
        """`samples` are mono, float32 [n]; copied if the caller could still change them."""
        if samples.ndim != 1 or samples.dtype != np.float32:
            raise ValueError("a reference is mono float32")
        if sample_rate < 1:
            raise ValueError("a sample rate is positive")
        kept = _unchangeable(samples)
        self._load: Callable[[], NDArray[np.float32]] = lambda: kept
        self._frames = len(kept)
        self._digest = b""
        self.sample_rate = sample_rate

    @classmethod
    def later(cls, load: Callable[[], NDArray[np.float32]], *, frames: int, sample_rate: int) -> Self:
        """One whose `frames` samples `load` gives, read-only and the same each time, whenever they are asked for."""
        reference = cls.__new__(cls)
        reference._load, reference._digest = load, b""  # noqa: SLF001 - one of its own
        reference._frames, reference.sample_rate = frames, sample_rate  # noqa: SLF001 - the same
        return reference

    @property
    def samples(self) -> NDArray[np.float32]:
        """Mono, float32 [n], read-only."""
        return self._load()

    @property
    def duration_sec(self) -> float:
        """Seconds of audio; known before the samples are."""
        return self._frames / self.sample_rate

    @property
    def digest(self) -> bytes:
        """Stands for the samples and their rate; computed once."""
        if not self._digest:
            self._digest = _digest(*_parts(str(self.sample_rate), self.samples))
        return self._digest


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Voice:
    """Somebody who can speak, and what each engine needs to speak as them; compare ids, not voices."""

    id: str
    names: tuple[str, ...]
    """For people, the best one first."""
    language: str
    """BCP 47, such as en-US or ht."""
    gender: Gender
    tier: Tier = "standard"
    engines: Mapping[str, Mapping[str, str | int | float]] = field(default_factory=dict)
    """Per engine, the settings that make it speak as this voice; the engine checks them."""
    reference: Reference | None = None
    embeddings: Mapping[str, Embedding] = field(default_factory=dict)
    """Per engine and model revision, keyed by `embedding_key`."""
    licence: str = ""
    consent: str = ""
    """Who agreed to this voice being used, and where that is written; empty where nothing is on record."""
    source: str = ""
    aliases: tuple[str, ...] = ()
    """Names under which other services know a voice like this one."""
    lexicon: Mapping[str, str] = field(default_factory=dict)
    """How this voice is to say certain words, by how they are written."""
    options: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    """Engine options that suit it, for engines that honour them and requests that say no other."""
    tags: tuple[str, ...] = ()
    """Words to find it by: "warm", "audiobook"."""
    version: int = 1
    """Rises each time the voice takes the place of one of its name."""

    def __post_init__(self) -> None:
        _require(VOICE_ID, self.id, "voice id")
        _require(LANGUAGE, self.language, "language")
        for key in self.embeddings:
            _require(EMBEDDING_KEY, key, "embedding key")
        engines = {name: MappingProxyType(dict(settings)) for name, settings in self.engines.items()}
        object.__setattr__(self, "engines", MappingProxyType(engines))
        object.__setattr__(self, "embeddings", MappingProxyType(dict(self.embeddings)))
        object.__setattr__(self, "lexicon", MappingProxyType(dict(self.lexicon)))
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What is done to the audio after an engine spoke; the defaults do nothing."""

    # A catalogue that misspells an effect must fail, not lose it.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    pitch_semitones: float = 0.0
    """−12…12."""
    speed: float = 1.0
    """Factor of the tempo, 0.25…4; the pitch stays."""
    volume_db: float = 0.0
    """Decibels, −40…20."""
    reverb: float = 0.0
    """Share of the reverberated sound, 0…1."""

    def __post_init__(self) -> None:
        for name, (low, high) in EFFECT_RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is outside {low:g} to {high:g}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """A voice with effects and engine options, under a name of its own."""

    id: str
    names: tuple[str, ...]
    voice: str
    """The id of a voice, which an engine may contribute after the profile was read."""
    effects: Effects = Effects()
    options: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    description: str = ""

    def __post_init__(self) -> None:
        _require(VOICE_ID, self.id, "profile id")
        _require(VOICE_ID, self.voice, "voice id")
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))


def embedding_key(engine: str, revision: str) -> str:
    """The key of an engine's embedding: arrays of one model revision mean nothing to another."""
    return _require(EMBEDDING_KEY, f"{engine}/{revision}", "embedding key")


def _require(pattern: str, text: str, what: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError(f"not a {what}")
    return text


def _unchangeable(array: NDArray[Any]) -> NDArray[Any]:
    """`array` read-only, dense and in native byte order: itself if it is so already, else a copy."""
    if array.dtype.kind not in "fiu":
        raise ValueError(f"arrays of {array.dtype} are not numbers")
    if array.flags.writeable or not array.flags.c_contiguous or not array.dtype.isnative:
        array = np.array(array, dtype=array.dtype.newbyteorder("="), order="C", copy=True)
        array.setflags(write=False)
    return array


def _digest(*parts: bytes | memoryview) -> bytes:
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        digest.update(part)
    return digest.digest()


def _parts(name: str, array: NDArray[Any]) -> tuple[bytes, memoryview]:
    """What is digested of an array; the first part ends with its shape, so that no two arrays run into each other."""
    return f"{name} {array.dtype.str} {array.shape} ".encode(), np.ascontiguousarray(array).data
