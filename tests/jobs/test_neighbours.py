"""An utterance out of line with those before it is told of, and no other."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tests.guards.speaking import prose, rendered, saying
from worker.engines.base import Engine
from worker.jobs.context import Worker
from worker.jobs.neighbours import NAME, compared
from worker.takes.in_order import Spoken


@pytest.fixture(scope="module")
def espeak(worker: Worker) -> Engine:
    return worker.engines["espeak"]


def book(espeak: Engine, language: str, variant: str, count: int, *, seed: int) -> Iterator[Spoken]:
    chance = random.Random(seed)
    for _ in range(count):
        each = rendered(espeak, saying(prose(chance, language), language, variant=variant))
        yield Spoken(utterance=each.utterance, clip=each.clip, verdict=each.verdict)


def told(spoken: list[Spoken]) -> list[int]:
    return [index for index, each in enumerate(compared(spoken)) if NAME in each.verdict.failed]


@pytest.mark.parametrize(
    ("language", "variant"), [("en", "m1"), ("fr", "f2"), ("ht", "m3"), ("de", "klatt4"), ("es", "f5")]
)
def test_a_voice_that_reads_on_is_in_line_with_itself(language: str, variant: str, espeak: Engine) -> None:
    assert told(list(book(espeak, language, variant, 40, seed=3))) == []


@pytest.mark.parametrize("gain_db", [-20.0, 20.0])
def test_one_far_softer_or_louder_is_told_of_alone(gain_db: float, espeak: Engine) -> None:
    spoken = [each for each in book(espeak, "en", "m1", 16, seed=4) if each.clip.duration_sec > 1.0]
    strange = len(spoken) // 2
    clip = spoken[strange].clip
    samples = (clip.samples * 10 ** (gain_db / 20)).astype(np.float32)
    spoken[strange] = replace(spoken[strange], clip=replace(clip, samples=samples))
    assert strange in told(spoken)
    assert len(told(spoken)) == 1
