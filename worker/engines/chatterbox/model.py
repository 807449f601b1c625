"""A loaded member: everything between a text, a voice and a waveform."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch

from voice_library.voice import Embedding, Voice
from worker.audio.clip import Clip
from worker.engines.chatterbox import memory
from worker.engines.chatterbox.arithmetic.precision import Precision, precision_of
from worker.engines.chatterbox.checkpoint import fetched, fingerprint, is_halved, read, sized, t3_weights
from worker.engines.chatterbox.conditioning.builtin import builtin
from worker.engines.chatterbox.conditioning.cache import ConditioningCache
from worker.engines.chatterbox.conditioning.ears import Ears, ears
from worker.engines.chatterbox.conditioning.enrolment import Enrolment
from worker.engines.chatterbox.conditioning.placed import Placed
from worker.engines.chatterbox.conditioning.source import tokens_of
from worker.engines.chatterbox.decoder.decoder import Decoder
from worker.engines.chatterbox.flow.flow import Flow
from worker.engines.chatterbox.hearing.hearing import SPEAKER_ENCODER, TOKENIZER
from worker.engines.chatterbox.layout import layout_of
from worker.engines.chatterbox.location import locate
from worker.engines.chatterbox.member import Member
from worker.engines.chatterbox.rendering.noise import Drawn, Indexed, Noise
from worker.engines.chatterbox.rendering.renderer import Renderer
from worker.engines.chatterbox.tensors import Tensors
from worker.engines.chatterbox.text import tokenizer
from worker.engines.chatterbox.text.budget import LONGEST
from worker.engines.chatterbox.text.tokenizer import Tokenizer
from worker.engines.chatterbox.vocoder.vocoder import Vocoder
from worker.engines.chatterbox.watermark.watermark import Watermark
from worker.errors import EngineUnavailable
from worker.settings import Settings

TEXT_ROOM = 512
"""Ids of one utterance at most: three hundred characters are fewer in every language."""
STEPS_AHEAD = 4
"""On a GPU: reading tokens then never makes it wait."""
ARITHMETIC = 3
"""To be raised whenever the same weights are made to speak differently."""
CONDITIONINGS_BYTES = 256 * 2**20
"""A thousand voices."""
DIGITS = 12
FLOW, VOCODER = "flow.", "mel2wav."
"""Of S3Gen's file: what the names of their tensors begin with."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One member on its device."""

    member: Member
    device: torch.device
    precision: Precision
    decoder: Decoder
    tokenizer: Tokenizer
    renderer: Renderer
    ears: Ears
    enrolment: Enrolment
    watermark: Watermark | None
    conditionings: ConditioningCache
    revision: str
    """Stands for all that makes a text and a voice the sound they become."""
    own_voice: Voice | None
    """The one its checkpoint brings along."""

    @classmethod
    def load(cls, member: Member, settings: Settings) -> Self:
        """The member's checkpoint, read from where `locate` finds it, each tensor where it is used.

        Raises:
            EngineUnavailable: files are missing or damaged, or the device has no room for them.

        """
        folder, device = locate(member, settings), device_of(settings.device)
        precision = precision_of(settings.precision, device)
        member = sized(member, folder)
        ahead = STEPS_AHEAD if device.type == "cuda" else 0
        length = member.opening_length + TEXT_ROOM + LONGEST + ahead
        room = memory.room(member, folder, device, most=settings.batch_size, length=length, cache=precision.cache)
        rows = room * (2 if member.guided else 1)
        _warn_of_halves(member, folder, precision)
        with fetched(member, folder):
            decoder = Decoder(
                t3_weights(member, folder, device),
                member,
                rows=rows,
                length=length,
                device=str(device),
                ahead=ahead,
                precision=precision,
            )
            renderer = _renderer(member, folder, device, precision)
        heard = ears(member, folder, device)
        enrolment = Enrolment(heard, member)
        conditionings = ConditioningCache(enrolment.of, member, heard.revision, max_bytes=CONDITIONINGS_BYTES)
        found = builtin(folder, member)
        words = f"{ARITHMETIC} {conditionings.key} watermark={settings.watermark} precision={precision.name}"
        return cls(
            member=member,
            device=device,
            precision=precision,
            decoder=decoder,
            tokenizer=tokenizer.load(member, folder, max_text_tokens=TEXT_ROOM),
            renderer=renderer,
            ears=heard,
            enrolment=enrolment,
            watermark=Watermark() if settings.watermark else None,
            conditionings=conditionings,
            revision=_revision(member, folder, words),
            own_voice=None if found is None else _own_voice(member, conditionings.key, found.to_embedding()),
        )

    def voice(self, voice: Voice) -> Placed:
        """What T3 and S3Gen are given of `voice`; enrolled first, if it never was.

        Raises:
            UnsupportedVoice: there is nothing of it that the member can use.
            InvalidReference: there is nothing in its recording to go by.

        """
        return self.conditionings.of(voice).on(self.device)

    def said(self, source: Clip) -> list[int]:
        """What `source` says, in speech tokens.

        Raises:
            InvalidAudio: the clip is shorter than a token.

        """
        return [int(token) for token in tokens_of(source, self.ears()).tolist()]

    def noise(self, seed: int, chance: torch.Generator | None = None) -> Noise:
        """What is random in the sound of an utterance, of its seed alone.

        In reference precision upstream's numbers, which come of the generator that its tokens came from, where that is
        given and no step was run ahead of its end.
        """
        if chance is None or self.precision.name != "reference" or self.decoder.ahead:
            return Indexed(seed, self.device)
        return Drawn(chance, self.device, meanflow=self.member.meanflow)

    def chance(self, seed: int) -> torch.Generator:
        """What upstream draws everything from."""
        return torch.Generator(self.device).manual_seed(seed)


def device_of(name: str) -> torch.device:
    """The device that a setting names; `auto` is a GPU where there is one.

    Raises:
        EngineUnavailable: there is no such device.

    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise EngineUnavailable(f"TTS_DEVICE: there is no {name} here; {torch.cuda.device_count()} GPUs were found")
    return device


def _renderer(member: Member, folder: Path, device: torch.device, precision: Precision) -> Renderer:
    file = layout_of(member, folder).speech
    tensors = Tensors(read(folder / file, without=(TOKENIZER, SPEAKER_ENCODER), device=device), file)
    flow = Flow(tensors.under(FLOW), meanflow=member.meanflow, precision=precision)
    vocoder = Vocoder(tensors.under(VOCODER), precision=precision)
    tensors.finish()
    return Renderer(flow, vocoder, member, device)


def _revision(member: Member, folder: Path, words: str) -> str:
    layout = layout_of(member, folder)
    prints = [fingerprint(read(folder / layout.t3), ""), fingerprint(read(folder / layout.speech), FLOW, VOCODER)]
    return hashlib.sha256(" ".join([words, *prints]).encode()).hexdigest()[:DIGITS]


def _warn_of_halves(member: Member, folder: Path, precision: Precision) -> None:
    if precision.weights == torch.float32 and is_halved(member, folder):
        logger.warning(
            "the checkpoint was converted to half precision: convert it with --trunk float32 to compute in single",
            extra={"figures": {"engine": member.engine, "precision": precision.name}},
        )


def _own_voice(member: Member, key: str, embedding: Embedding) -> Voice:
    return Voice(
        id=f"{member.engine}-default",
        names=(f"{member.engine.replace('-', ' ').title()}'s own",),
        language="en",
        gender="neutral",
        engines={member.engine: {}},
        embeddings={key: embedding},
        consent="published with the model by its makers",
        source=member.repository,
    )
