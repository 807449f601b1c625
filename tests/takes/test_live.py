"""Live takes are heard as they are made, and made whole where nothing was heard of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from voice_library.voice import Voice
from worker.audio.clip import Clip
from worker.engines.base import Take, Utterance, Verdict
from worker.errors import Cancelled, EngineFailed
from worker.takes.live import live_or

CLIP = Clip(samples=np.ones(3, dtype=np.float32), sample_rate=24_000)
UTTERANCE = Utterance(
    index=0,
    text="Hello.",
    start=0,
    end=6,
    engine="live",
    voice=Voice(id="v", names=("V",), language="en", gender="neutral"),
    language="en",
    live=True,
)


class Told:
    """A take that gives some clips and then fails, or not."""

    def __init__(self, name: str, clips: int, error: Exception | None = None) -> None:
        self.verdict = Verdict(seed=1, engine=name)
        self.cancelled = False
        self._clips = clips
        self._error = error

    def __iter__(self) -> Iterator[Clip]:
        for _ in range(self._clips):
            if self.cancelled:
                raise Cancelled("the utterance was cancelled")
            yield CLIP
        if self._error:
            raise self._error

    def cancel(self) -> None:
        self.cancelled = True


def take_of(live: Told, whole: Told, utterance: Utterance = UTTERANCE) -> tuple[Take, list[Utterance]]:
    asked: list[Utterance] = []

    def otherwise(utterance: Utterance) -> Take:
        asked.append(utterance)
        return whole

    return live_or(lambda _: live, otherwise)(utterance), asked


def test_what_is_not_live_goes_the_other_way() -> None:
    take, _ = take_of(Told("live", 1), Told("whole", 2), replace(UTTERANCE, live=False))
    assert len(list(take)) == 2
    assert take.verdict.engine == "whole"


def test_a_failure_before_the_first_clip_is_made_whole() -> None:
    take, asked = take_of(Told("live", 0, EngineFailed("shapes")), Told("whole", 2))
    assert len(list(take)) == 2
    assert take.verdict.engine == "whole"
    assert [utterance.live for utterance in asked] == [False]


def test_a_failure_after_it_is_one() -> None:
    take, asked = take_of(Told("live", 1, EngineFailed("shapes")), Told("whole", 2))
    clips = iter(take)
    next(clips)
    with pytest.raises(EngineFailed):
        next(clips)
    assert not asked


def test_what_was_cancelled_is_not_made_again() -> None:
    take, asked = take_of(Told("live", 1), Told("whole", 2))
    take.cancel()
    with pytest.raises(Cancelled):
        list(take)
    assert not asked
