"""The way of an utterance: what passes the guards is kept and heard again, and what fails is made again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Caller
from tests.guards.faults import FAULTS, FaultyEngine
from worker.jobs.context import Worker
from worker.reply import ErrorReply, HealthReply, Reply, SpeechReply
from worker.service import Service
from worker.settings import Settings

TEXT = "The ferry left the harbour at half past seven, with two hundred passengers on board."


@pytest.fixture
def guarding() -> Iterator[Worker]:
    worker = Worker.load(Settings())
    yield worker
    worker.close()


def spoken(reply: Reply) -> SpeechReply:
    assert isinstance(reply, SpeechReply), reply
    return reply


def test_the_same_utterance_is_rendered_once_for_every_job_that_asks_for_it(guarding: Worker) -> None:
    call = Caller(Service(guarding))
    first, second, other = (spoken(call(text=TEXT, seed=seed, response_format="wav")) for seed in (1, 1, 2))
    assert [reply.metrics.cache_hits for reply in (first, second, other)] == [0, 1, 0]
    assert first.audio_base64 == second.audio_base64
    changed = spoken(call(text=f"{TEXT} {'And then some more words. ' * 12}", seed=1))
    assert changed.metrics.cache_hits == 0
    longer = spoken(call(text=f"{TEXT}\n\nA paragraph that is new.", seed=1))
    assert (longer.metrics.cache_hits, len(longer.utterances)) == (1, 2)
    health = call(type="health")
    assert isinstance(health, HealthReply)
    assert health.cache["hit"] == 2
    assert health.cache["miss"] >= 3
    assert health.cache_bytes["memory"] > 0


@pytest.mark.parametrize("name", ["noise_tail", "long_inner_silence", "not_a_number"])
def test_a_rendering_that_fails_is_made_again_and_the_reply_tells_of_it(
    name: str, guarding: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault, check = FAULTS[name]
    faulty = FaultyEngine(guarding.engines.submit, fault, times=1)
    monkeypatch.setattr(guarding.engines, "submit", faulty.submit)
    reply = spoken(Caller(Service(guarding))(text=TEXT, seed=3))
    (utterance,) = reply.utterances
    assert (utterance.verdict, utterance.attempts) == ("ok", 2)
    assert reply.metrics.retries == 1
    assert len(set(faulty.heard)) == 2
    assert check not in str(reply.warnings)


def test_the_best_of_failures_is_kept_with_what_is_wrong_and_is_not_heard_again(
    guarding: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault, check = FAULTS["noise_tail"]
    faulty = FaultyEngine(guarding.engines.submit, fault, times=100)
    monkeypatch.setattr(guarding.engines, "submit", faulty.submit)
    call = Caller(Service(guarding))
    reply = spoken(call(text=TEXT, seed=3))
    (utterance,) = reply.utterances
    assert utterance.verdict == "failed_checks"
    assert check in (utterance.failed or ())
    assert utterance.attempts == 1 + guarding.settings.guard_retries
    assert any(check in warning for warning in reply.warnings)
    assert spoken(call(text=TEXT, seed=3)).metrics.cache_hits == 0


def test_what_is_always_not_a_number_is_an_error_and_never_heard(
    guarding: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault, _ = FAULTS["not_a_number"]
    monkeypatch.setattr(guarding.engines, "submit", FaultyEngine(guarding.engines.submit, fault, times=100).submit)
    reply = Caller(Service(guarding))(text=TEXT, seed=3)
    assert isinstance(reply, ErrorReply)
    assert reply.error.code == "engine_failed"
