"""The ears of a member: what hears recordings, read when the first one is to be heard where that can wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import torch

from worker.engines.chatterbox.checkpoint import read
from worker.engines.chatterbox.conditioning.revision import Sampled, revision, way
from worker.engines.chatterbox.hearing.hearing import SPEAKER_ENCODER, TOKENIZER, Hearing
from worker.engines.chatterbox.layout import VOICE_ENCODER, layout_of
from worker.engines.chatterbox.member import Member
from worker.engines.chatterbox.tensors import Tensors


class Ears:
    """One member's, called for what hears; from any thread."""

    def __init__(self, revision: str, build: Callable[[], Hearing]) -> None:
        self.revision = revision
        """Which weights they are."""
        self._build = build
        self._lock = threading.Lock()
        self._hearing: Hearing | None = None

    def __call__(self) -> Hearing:
        """The same every time; what the first one asks for is built then."""
        with self._lock:
            if self._hearing is None:
                self._hearing = self._build()
            return self._hearing


def ears(member: Member, folder: Path, device: torch.device) -> Ears:
    """Those of the checkpoint in `folder`; a converted one's half gigabyte is read when somebody is to be heard.

    Raises:
        EngineUnavailable: a file is missing, damaged or of another model.

    """
    kept = told(member, folder)
    if kept is not None:
        return Ears(kept, lambda: _heard_by(member, folder, device)[1])
    found, hearing = _heard_by(member, folder, device)
    return Ears(found, lambda: hearing)


def told(member: Member, folder: Path) -> str | None:
    """The revision that a converted checkpoint tells of itself, if that was found as it would be now."""
    layout = layout_of(member, folder)
    return read(folder / layout.hearing).metadata.get(way(member)) if layout.is_lean else None


def revision_of(member: Member, folder: Path) -> str:
    """The revision of the checkpoint in `folder`, all of whose tensors are read for it if it does not tell."""
    speech, speaker = _files(member, folder, torch.device("cpu"))
    return told(member, folder) or revision(speech, speaker, member)


def _heard_by(member: Member, folder: Path, device: torch.device) -> tuple[str, Hearing]:
    layout = layout_of(member, folder)
    speech, speaker = _files(member, folder, device)
    voice = Tensors(speaker, layout.speaker)
    hearing = Hearing(Tensors(speech, layout.hearing), voice, blocks=member.blocks)
    voice.finish()
    return revision(speech, speaker, member), hearing


def _files(member: Member, folder: Path, device: torch.device) -> tuple[Sampled, Sampled]:
    layout = layout_of(member, folder)
    stems = (TOKENIZER, SPEAKER_ENCODER)
    speech = Sampled(read(folder / layout.hearing, only=stems, device=device))
    if layout.is_lean:
        return speech, Sampled(read(folder / layout.speaker, only=(VOICE_ENCODER,), device=device), VOICE_ENCODER)
    return speech, Sampled(read(folder / layout.speaker, device=device))
