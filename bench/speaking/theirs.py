"""Upstream's side: `generate` of its own classes on the same checkpoint, one utterance after another."""

from __future__ import annotations

import contextlib
import io
import statistics
import time
from collections import defaultdict
from itertools import count
from pathlib import Path
from typing import Any

import soundfile

from bench import speaker
from bench.speaking.words import TEXT, limit
from tests.engines.chatterbox.whole.upstream import Upstream
from worker.engines.chatterbox.member import Member

STRANGERS = 1_000
"""Seeds of recordings that ours never hears."""


class Theirs:
    """One member, loaded. What an utterance takes is measured again whenever a table asks, and its median told."""

    def __init__(self, member: Member, folder: Path, *, device: str, runs: int) -> None:
        self._tts: Any = Upstream(member, folder, tokens=1, device=device).tts
        self._member = member
        self._folder = folder
        self._spared = {} if member.guided else {"norm_loudness": False}  # the levelling fails with numpy 2
        self._language = {"language_id": "en"} if len(member.languages) > 1 else {}
        self._runs = runs
        self._taken: dict[tuple[int, bool], list[float]] = defaultdict(list)
        self._seeds = count(STRANGERS)
        self._says(tokens=2)

    def utterance_sec(self, tokens: int, *, stranger: bool = False) -> float:
        """What one of so many tokens takes, in the checkpoint's voice or with a recording to be enrolled first."""
        taken = self._taken[tokens, stranger]
        if not stranger:
            taken += [self._says(tokens) for _ in range(self._runs)]
            return statistics.median(taken)
        known = self._tts.conds
        for _ in range(self._runs):
            path = self._folder / "stranger.wav"
            soundfile.write(path, speaker.recording(next(self._seeds)), speaker.SAMPLE_RATE)
            taken.append(self._says(tokens, audio_prompt_path=path, **self._spared))
        self._tts.conds = known
        return statistics.median(taken)

    def _says(self, tokens: int, **given: object) -> float:
        limit(self._tts.t3, tokens, guided=self._member.guided)
        began = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            self._tts.generate(TEXT, **self._language, **given)
        return time.perf_counter() - began
