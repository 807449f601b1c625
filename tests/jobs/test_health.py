from __future__ import annotations

from collections import Counter

from tests.conftest import Caller
from worker.jobs.context import Worker
from worker.reply import HealthReply
from worker.service import Service


def test_health_counts_what_the_worker_did(worker: Worker) -> None:
    fresh = Service(Worker(settings=worker.settings, engines=worker.engines, library=worker.library))
    ask = Caller(fresh)
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
    assert (after.voices, after.profiles) == (len(worker.library.voices), 4)
    assert after.uptime_sec > 0
