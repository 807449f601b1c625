"""Failures leave nothing behind: no memory, no thread, no open file."""

from __future__ import annotations

import ctypes
import gc
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil
import pytest

from tests.conftest import fresh
from worker.delivery import inline
from worker.jobs.context import Job, Worker
from worker.jobs.plan import plan_of
from worker.reply import ErrorReply
from worker.request import parse
from worker.service import Service

WARM_UP = 100
FAILURES = 500
LEAK_BYTES = 10_000
LIMIT_BYTES = 2_500_000
"""Half of what a leak of LEAK_BYTES per failure comes to; Celery allows its failures twice as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A way to fail that a caller has, and what the worker is set to for that."""

    fields: dict[str, object]
    settings: dict[str, object] = field(default_factory=dict)
    s3_config: object = None
    cancelled: bool = False


FAILURES_BY_CODE = {
    "invalid_request": Failure(fields={"text": "x", "voise": "sarah", "effects": {"reverb": 7}}),
    "empty_text": Failure(fields={"text": " \n "}),
    "text_too_long": Failure(fields={"text": "x" * 50_001}),
    "unknown_voice": Failure(fields={"text": "x", "voice": "sara"}),
    "unsupported_voice": Failure(fields={"text": "x", "voice": "sarah", "engine": "tone"}),
    "unknown_engine": Failure(fields={"text": "x", "engine": "chatterbox"}),
    "unsupported_language": Failure(fields={"text": "x", "language": "xx", "voice": "sarah"}),
    "unreadable_text": Failure(fields={"text": "1 2", "voice": "espeak-chr"}),
    "unsupported_parameter": Failure(fields={"text": "x", "temperature": 1.0, "strict": True}),
    "audio_too_long": Failure(fields={"text": "Hello."}, settings={"max_audio_sec": 0.1}),
    "payload_too_large": Failure(fields={"text": "Hello.", "response_format": "wav"}),
    "delivery_unavailable": Failure(fields={"text": "x", "delivery": "volume"}),
    "invalid_s3_config": Failure(fields={"text": "x", "delivery": "s3"}, s3_config={"endpointUrl": "ftp://x"}),
    "cancelled": Failure(fields={"text": "x"}, cancelled=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What the process has more than before."""

    memory_bytes: int
    threads: int
    files: int


def settled_memory(process: psutil.Process) -> int:
    """Resident bytes once what is free has gone back to the system: room left by others would hide a leak."""
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):  # glibc's
        trim(0)
    resident: int = process.memory_info().rss
    return resident


def growth_over(work: Callable[[], object], times: int) -> Growth:
    """What `times` rounds of `work` leave behind, once it is warm."""
    process = psutil.Process()
    for _ in range(WARM_UP):
        work()
    memory, threads, files = settled_memory(process), threading.active_count(), process.num_fds()
    for _ in range(times):
        work()
    return Growth(
        memory_bytes=settled_memory(process) - memory,
        threads=threading.active_count() - threads,
        files=process.num_fds() - files,
    )


@pytest.mark.parametrize("code", FAILURES_BY_CODE)
def test_five_hundred_failures_leave_nothing_behind(worker: Worker, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    failure = FAILURES_BY_CODE[code]
    service = Service(fresh(worker, **failure.settings))
    if code == "payload_too_large":
        monkeypatch.setattr(inline, "RUN_LIMIT_BYTES", 10_000)

    def fail() -> None:
        job = Job(id="failing", s3_config=failure.s3_config)
        if failure.cancelled:
            job.cancellation.cancel()
        reply = service.run(job, failure.fields)
        assert isinstance(reply, ErrorReply)
        assert reply.error.code == code, reply.error

    growth = growth_over(fail, FAILURES)
    assert growth.memory_bytes < LIMIT_BYTES, growth
    assert growth.threads <= 0, growth
    assert growth.files <= 0, growth


def test_a_leak_of_ten_kilobytes_per_failure_is_seen(worker: Worker) -> None:
    service, leak = Service(fresh(worker)), []

    def fail_and_leak() -> None:
        service.run(Job(id="leaking"), {"text": ""})
        leak.append(os.urandom(LEAK_BYTES))  # pages of zeros would not be resident

    assert growth_over(fail_and_leak, FAILURES).memory_bytes > LIMIT_BYTES


def test_a_thread_and_a_file_that_stay_are_seen() -> None:
    ended, kept = threading.Event(), []

    def leave() -> None:
        kept.append(os.pipe())
        threading.Thread(target=ended.wait).start()

    try:
        growth = growth_over(leave, 1)
        assert (growth.threads, growth.files) == (1, 2)
    finally:
        ended.set()
        for pair in kept:
            for descriptor in pair:
                os.close(descriptor)


UTTERANCES = 2000


def test_two_thousand_utterances_leave_nothing_behind(worker: Worker) -> None:
    plan = plan_of(parse({"text": "Hello.", "engine": "espeak"}), Job(id="spoken"), worker, streams=False)
    (utterance,) = plan.script()
    growth = growth_over(lambda: list(plan.casting.engine.submit(utterance)), UTTERANCES)
    assert growth.memory_bytes < UTTERANCES * 1000, growth
