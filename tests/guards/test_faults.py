"""Each fault is caught by the check that is there for it, and nothing is said against speech as it should be."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest

from tests.guards.faults import FAULTS, defective_texts
from tests.guards.speaking import Rendering, clean_utterances, oddities, rendered
from worker.engines.base import Engine, Utterance
from worker.guards.check import judged
from worker.guards.usual import usual_checks
from worker.jobs.context import Worker

CASES = 100


@pytest.fixture(scope="module")
def engine(worker: Worker) -> Engine:
    return worker.engines["espeak"]


@pytest.fixture(scope="module")
def renderings(engine: Engine) -> list[Rendering]:
    return [rendered(engine, utterance) for utterance in defective_texts(CASES, seed=1)]


def findings(spoken: Rendering) -> tuple[str, ...]:
    found = judged(usual_checks(), spoken.utterance, spoken.clip, spoken.verdict)
    assert all(0 < finding.severity <= 1 for finding in found)
    assert all(np.isfinite(list(finding.detail.values())).all() for finding in found)
    return tuple(finding.name for finding in found)


def flagged(engine: Engine, utterances: Iterable[Utterance]) -> Counter[str]:
    """How often each check speaks up."""
    return Counter(name for utterance in utterances for name in findings(rendered(engine, utterance)))


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_caught_by_its_check(name: str, renderings: list[Rendering]) -> None:
    fault, check = FAULTS[name]
    (judge,) = (each for each in usual_checks() if each.name == check)
    missed = []
    for index, spoken in enumerate(renderings):
        spoiled = fault(spoken, random.Random(index))
        if judge.judge(spoiled.utterance, spoiled.clip, spoiled.verdict) is None:
            missed.append((index, spoken.utterance.language, spoken.utterance.speed))
    assert missed == []


def test_the_same_renderings_without_a_fault_pass(renderings: list[Rendering]) -> None:
    assert Counter(name for spoken in renderings for name in findings(spoken)) == Counter()


def test_odd_texts_pass(engine: Engine) -> None:
    assert flagged(engine, oddities()) == Counter()


def test_clean_speech_passes(engine: Engine) -> None:
    assert flagged(engine, clean_utterances(70, seed=5)) == Counter()


@pytest.mark.long
def test_a_thousand_clean_utterances_pass(engine: Engine) -> None:
    assert flagged(engine, clean_utterances(1000, seed=77)) == Counter()
