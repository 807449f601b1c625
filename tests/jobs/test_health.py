from __future__ import annotations

from collections import Counter

from tests.conftest import Caller, fresh
from worker.jobs.context import Worker
from worker.reply import HealthReply, SpeechReply
from worker.service import Service


def test_health_counts_what_the_worker_did(worker: Worker) -> None:
    ask = Caller(Service(fresh(worker)))
    before = ask(type="health")
    assert isinstance(before, HealthReply)
    assert before.latency_p50_sec is None
    ask(text="hello")
    ask(text="")
    after = ask(type="health")
    assert isinstance(after, HealthReply)
    assert Counter(after.jobs) == {"ok": 2, "empty_text": 1}
    assert after.audio_sec > 0.2
    assert after.latency_p95_sec is not None
    assert after.memory_bytes > 10_000_000
    assert set(after.engines) == {"espeak", "tone"}
    assert after.devices == ("cpu",)
    assert after.batches == {}  # neither batches
    assert (after.voices, after.profiles) == (len(worker.library.voices), 4)
    assert after.uptime_sec > 0


def test_health_says_why_the_worker_leaves(worker: Worker) -> None:
    sick = fresh(worker)
    sick.vitals.observe("engine_poisoned")
    reply = Caller(Service(sick))(type="health")
    assert isinstance(reply, HealthReply)
    assert (reply.status, reply.leaving) == ("leaving", "a job met with engine_poisoned")
    spoken = Caller(Service(sick))(text="goodbye")
    assert isinstance(spoken, SpeechReply)
    assert spoken.metrics.leaving == reply.leaving
