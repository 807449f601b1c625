"""The layout of a checkpoint's folder: as its makers publish it, or lean, as `builder.convert_models` writes it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from worker.engines.chatterbox.member import VOICE_FILE, Member

LEAN_T3 = "t3.safetensors"
"""What the decoder reads, the trunk's matrices in half precision unless they were asked for whole."""
LEAN_SPEECH = "speech.safetensors"
"""S3Gen's flow and vocoder."""
LEAN_HEARING = "hearing.safetensors"
"""What only a new voice needs: S3Gen's tokenizer and speaker encoder, and the voice encoder under a stem of its own."""
LEAN_VOICE = "voice.safetensors"
"""The voice that comes along, where one does."""
VOICE_ENCODER = "voice_encoder."
"""In the lean file, what the names of the voice encoder's tensors begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where each part lies, by the names of files in one folder."""

    t3: str
    speech: str
    hearing: str
    """Of S3Gen's encoders."""
    speaker: str
    """Of the voice encoder."""
    voice: str
    tokenizer: tuple[str, ...]

    @property
    def is_lean(self) -> bool:
        """Whether it was converted."""
        return self.hearing == LEAN_HEARING

    @property
    def needed(self) -> tuple[str, ...]:
        """The files without which the member cannot speak, each once; it may do without a voice."""
        return tuple(dict.fromkeys((self.t3, self.speech, self.hearing, self.speaker, *self.tokenizer)))


def published(member: Member) -> Layout:
    """As the member's makers have it."""
    return Layout(
        t3=member.file,
        speech=member.speech_file,
        hearing=member.speech_file,
        speaker=member.speaker_file,
        voice=VOICE_FILE,
        tokenizer=member.tokenizer_files,
    )


def lean(member: Member) -> Layout:
    """As it is converted."""
    return Layout(
        t3=LEAN_T3,
        speech=LEAN_SPEECH,
        hearing=LEAN_HEARING,
        speaker=LEAN_HEARING,
        voice=LEAN_VOICE,
        tokenizer=member.tokenizer_files,
    )


def layout_of(member: Member, folder: Path) -> Layout:
    """The one that `folder` has."""
    return lean(member) if os.access(folder / LEAN_HEARING, os.F_OK) else published(member)
