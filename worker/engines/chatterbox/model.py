"""A loaded member: everything between a text, a voice and a waveform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch

from voice_library.voice import Embedding, Voice
from worker.engines.chatterbox import memory
from worker.engines.chatterbox.arithmetic.precision import precision_of
from worker.engines.chatterbox.checkpoint import sized
from worker.engines.chatterbox.conditioning.builtin import builtin
from worker.engines.chatterbox.conditioning.cache import ConditioningCache
from worker.engines.chatterbox.conditioning.enrolment import Enrolment
from worker.engines.chatterbox.conditioning.placed import Placed
from worker.engines.chatterbox.conditioning.revision import digest, revision
from worker.engines.chatterbox.decoder.decoder import Decoder, Slot
from worker.engines.chatterbox.location import locate
from worker.engines.chatterbox.member import Member
from worker.engines.chatterbox.modules import loaded_s3gen, loaded_voice_encoder, t3_weights
from worker.engines.chatterbox.rendering.renderer import Renderer
from worker.engines.chatterbox.rendering.watermark import Watermark
from worker.engines.chatterbox.text import tokenizer
from worker.engines.chatterbox.text.budget import LONGEST
from worker.engines.chatterbox.text.tokenizer import Tokenizer
from worker.errors import EngineUnavailable
from worker.settings import Settings

TEXT_ROOM = 512
"""Ids of one utterance at most: three hundred characters are fewer in every language."""
STEPS_AHEAD = 4
"""On a GPU: reading tokens then never makes it wait."""
ARITHMETIC = 2
"""To be raised whenever the same weights are made to speak differently."""
CONDITIONINGS_BYTES = 256 * 2**20
"""A thousand voices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One member on its device."""

    member: Member
    device: torch.device
    decoder: Decoder
    tokenizer: Tokenizer
    renderer: Renderer
    enrolment: Enrolment
    watermark: Watermark | None
    conditionings: ConditioningCache
    revision: str
    """Stands for all that makes a text and a voice the sound they become."""
    own_voice: Voice | None
    """The one its checkpoint brings along."""

    @classmethod
    def load(cls, member: Member, settings: Settings) -> Self:
        """The member's checkpoint, read from where `locate` finds it.

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
        s3gen = loaded_s3gen(member, folder, str(device))
        voice_encoder = loaded_voice_encoder(member, folder, str(device))
        enrolment = Enrolment(voice_encoder, s3gen, member)
        conditionings = ConditioningCache(
            enrolment.of, member, revision(voice_encoder, s3gen, member), max_bytes=CONDITIONINGS_BYTES
        )
        weights = t3_weights(member, folder, str(device))
        found = builtin(folder, member)
        words = f"{ARITHMETIC} {conditionings.key} watermark={settings.watermark} precision={precision.name}"
        speaking = [(name, tensor) for name, tensor in s3gen.state_dict().items() if tensor.is_floating_point()]
        return cls(
            member=member,
            device=device,
            decoder=Decoder(
                weights, member, rows=rows, length=length, device=str(device), ahead=ahead, precision=precision
            ),
            tokenizer=tokenizer.load(member, folder, max_text_tokens=TEXT_ROOM),
            renderer=Renderer(s3gen, member),
            enrolment=enrolment,
            watermark=Watermark() if settings.watermark else None,
            conditionings=conditionings,
            revision=digest(words, [*sorted(weights.items()), *sorted(speaking)]),
            own_voice=None if found is None else _own_voice(member, conditionings.key, found.to_embedding()),
        )

    def voice(self, voice: Voice) -> Placed:
        """What T3 and S3Gen are given of `voice`; enrolled first, if it never was.

        Raises:
            UnsupportedVoice: there is nothing of it that the member can use.
            InvalidReference: there is nothing in its recording to go by.

        """
        return self.conditionings.of(voice).on(self.device)

    def noise(self, slot: Slot) -> torch.Generator:
        """Where an utterance's sound is drawn from: upstream goes on with the generator its tokens came from.

        Steps run ahead have drawn from that one beyond the utterance's end, by a number that must not matter.
        """
        if self.decoder.ahead == 0:
            return slot.chance
        return torch.Generator(self.device).manual_seed(slot.chance.initial_seed())


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
