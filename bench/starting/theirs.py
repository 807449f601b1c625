"""Upstream's package, from its checkpoint to the first audio, which is a whole utterance."""

from __future__ import annotations

import argparse
import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

from chatterbox import ChatterboxTTS
from chatterbox.models.t3.llama_configs import LLAMA_CONFIGS
from chatterbox.tts_turbo import ChatterboxTurboTTS

from bench.speaking.words import TEXT, limit
from bench.starting.stamp import stamp
from worker.engines.chatterbox.checkpoint import sized
from worker.engines.chatterbox.member import HEAD_SIZE, MEMBERS, Member

TURBO = MEMBERS["turbo"]


def start(given: argparse.Namespace) -> None:
    """Loads the member as upstream's `from_local` does, and says an utterance."""
    warnings.simplefilter("ignore")
    member = sized(MEMBERS[given.member], given.models)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        tts = _loaded(member, given)
        stamp("checkpoint")
        stamp("ready")
        limit(tts.t3, given.tokens, guided=member.guided)
        tts.generate(TEXT)
    stamp("first audio")
    stamp("utterance")


def _loaded(member: Member, given: argparse.Namespace) -> Any:
    if member.blocks is not None:  # of no size that `from_local` knows
        from tests.engines.chatterbox.whole.upstream import Upstream  # no part of upstream's start

        return Upstream(member, given.models, tokens=given.tokens, device=given.device).tts
    if member.guided:
        return ChatterboxTTS.from_local(given.models, given.device)
    _take_for_turbo(member, given.models)
    return ChatterboxTurboTTS.from_local(given.models, given.device)


def _take_for_turbo(member: Member, folder: Path) -> None:
    """Nano has no class of its own upstream: it is Turbo with a smaller trunk, under another name."""
    width = {"n_embd": member.hidden, "hidden_size": member.hidden, "n_head": member.hidden // HEAD_SIZE}
    LLAMA_CONFIGS["GPT2_medium"].update(n_layer=member.layers, **width)
    if not (folder / TURBO.file).exists():
        (folder / TURBO.file).symlink_to(folder / member.file)
