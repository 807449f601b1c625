"""Every job gets exactly one answer, whatever the platform and the network do."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest

from tests.platform.control_plane import ControlPlane
from tests.platform.faults import Answer, Drop
from tests.platform.job import Job, State
from tests.platform.process import WorkerProcess
from tests.production.conftest import StartWorker

SLOW_TEXT = "This is a sentence of a very long text that takes its time. " * 650
"""Half a minute of work."""


def output(job: Job) -> dict[str, Any]:
    assert job.state == State.COMPLETED, job
    assert isinstance(job.output, dict)
    return job.output


def error(job: Job) -> dict[str, Any]:
    assert job.state == State.FAILED, job
    detail: dict[str, Any] = job.error if isinstance(job.error, dict) else json.loads(str(job.error))
    return detail


def answered_once(job: Job) -> bool:
    return job.is_final and len(job.results) == 1


def test_two_hundred_mixed_jobs_are_all_answered_once(platform: ControlPlane, start_worker: StartWorker) -> None:
    kinds: list[dict[str, object]] = [
        {"text": "A short one.", "response_format": "mp3"},
        {"text": "A longer one. " * 20, "response_format": "opus"},
        {"text": "Bonjou!", "profile": "creole-narrator", "response_format": "wav"},
        {"type": "health"},
        {"type": "voices", "language": "fr"},
        {"text": "", "voice": "sarah"},
        {"text": "hello", "voice": "nobody in particular"},
        {"texxt": "hello"},
        {"text": "hello there. " * 400, "response_format": "flac", "chunk_size": 100},
    ]
    shuffled = random.Random(1).choices(kinds, k=200)
    start_worker(TTS_LANES="6")
    ids = [platform.submit(kind) for kind in shuffled]
    jobs = [platform.wait_for(job_id, within_sec=120) for job_id in ids]
    for job, kind in zip(jobs, shuffled, strict=True):
        assert answered_once(job)
        good = kind in (kinds[0], kinds[1], kinds[2], kinds[3], kinds[4], kinds[8])
        assert (job.state == State.COMPLETED) == good, kind


def test_a_reply_holds_audio_and_a_bad_request_its_typed_error(
    platform: ControlPlane, start_worker: StartWorker
) -> None:
    start_worker()
    good = platform.submit({"text": "hello from the queue", "response_format": "wav"}, job_id="good")
    bad = platform.submit({"text": "hello", "voice": "sara"}, job_id="bad")
    empty = platform.submit(None, job_id="empty")
    reply = output(platform.wait_for(good))
    assert base64.b64decode(reply["audio_base64"])[:4] == b"RIFF"
    assert reply["metrics"]["queue_sec"] >= 0
    assert error(platform.wait_for(bad))["code"] == "unknown_voice"
    assert error(platform.wait_for(empty))["code"] == "invalid_request"


@pytest.mark.parametrize(
    "action",
    [Drop("before_body"), Drop("after_body"), Answer(500), Answer(503), Answer(429)],
    ids=["dropped early", "dropped", "500", "503", "429"],
)
def test_an_answer_the_network_loses_is_sent_again(
    platform: ControlPlane, start_worker: StartWorker, action: Answer | Drop
) -> None:
    fault = platform.inject("job-done", action, times=3)
    start_worker()
    job = platform.wait_for(platform.submit({"text": "hello"}), within_sec=30)
    assert output(job)["audio_base64"]
    assert answered_once(job)
    assert fault.hits == 3


@pytest.mark.parametrize("status", [400, 413])
def test_an_answer_the_platform_refuses_becomes_a_failure_the_caller_sees(
    platform: ControlPlane, start_worker: StartWorker, status: int
) -> None:
    platform.inject("job-done", Answer(status))
    start_worker()
    failure = error(platform.wait_for(platform.submit({"text": "hello"})))
    assert failure["code"] == "result_refused"
    assert str(status) in failure["message"]


def test_audio_too_large_for_the_platform_is_an_error_with_the_numbers(
    platform: ControlPlane, start_worker: StartWorker
) -> None:
    start_worker()
    large = {"text": "A sentence that is said again and again. " * 120, "response_format": "wav", "sample_rate": 48_000}
    assert error(platform.wait_for(platform.submit(large)))["code"] == "payload_too_large"
    assert output(platform.wait_for(platform.submit({**large, "sample_rate": 24_000}, sync=True)))["audio_base64"]
    smaller = output(platform.wait_for(platform.submit({**large, "allow_downgrade": True})))
    assert smaller["format"] == "mp3"


def test_the_platform_may_be_gone_for_five_seconds(platform: ControlPlane, start_worker: StartWorker) -> None:
    worker = start_worker()
    before = platform.submit({"text": "before " * 2000, "response_format": "flac"})
    platform.wait_for(before, State.IN_PROGRESS)
    platform.go_down(5)
    after = platform.submit({"text": "after"})
    for job_id in (before, after):
        assert answered_once(platform.wait_for(job_id, within_sec=60))
    assert len(worker.log.splitlines()) < 200


def test_a_job_sent_twice_is_answered_once(platform: ControlPlane, start_worker: StartWorker) -> None:
    worker = start_worker()
    job_id = platform.submit({"text": "once " * 1200, "response_format": "mp3"})
    platform.wait_for(job_id, State.IN_PROGRESS)
    platform.deliver_again(job_id)
    platform.wait_until(lambda: len(platform.job(job_id).deliveries) == 2)
    worker.wait_for_log("the platform sent a job twice")
    worker.terminate()  # it leaves when everything it has in hand is answered
    assert worker.wait_for_exit(within_sec=60) == 0
    assert answered_once(platform.job(job_id))
    assert len(platform.requests("job-done", job_id=job_id)) == 1


def test_a_cancelled_job_stops_and_the_next_one_runs(platform: ControlPlane, start_worker: StartWorker) -> None:
    start_worker(TTS_LANES="1")
    slow = platform.submit({"text": SLOW_TEXT})
    platform.wait_for(slow, State.IN_PROGRESS)
    platform.cancel(slow)
    health = platform.submit({"type": "health"})
    assert output(platform.wait_for(health, within_sec=5))["jobs"].get("cancelled", 0) <= 1
    assert platform.job(slow).results == []


def test_sigterm_while_idle_leaves_at_once_and_takes_nothing_more(
    platform: ControlPlane, start_worker: StartWorker
) -> None:
    worker = start_worker()
    worker.terminate()
    assert worker.wait_for_exit(within_sec=5) == 0
    job_id = platform.submit({"text": "too late"})
    assert platform.job(job_id).state == State.IN_QUEUE
    assert platform.job(job_id).deliveries == []


def test_sigterm_during_a_job_finishes_it_and_drops_none(platform: ControlPlane, start_worker: StartWorker) -> None:
    worker = start_worker()
    job_id = platform.submit({"text": "to be finished. " * 600, "response_format": "mp3"})
    platform.wait_for(job_id, State.IN_PROGRESS)
    worker.terminate()
    late = platform.submit({"text": "too late"})
    assert worker.wait_for_exit(within_sec=30) == 0
    assert answered_once(platform.job(job_id))
    assert answered_once(platform.job(late)) == bool(platform.job(late).deliveries)


def test_something_that_is_not_a_job_does_not_stop_the_worker(
    platform: ControlPlane, start_worker: StartWorker
) -> None:
    platform.inject("job-take-batch", Answer(200, b'[{"input": {}}, 5, {"id": 7}]'))
    start_worker()
    assert output(platform.wait_for(platform.submit({"text": "hello"})))


def test_a_short_job_is_not_kept_waiting_by_long_ones(platform: ControlPlane, start_worker: StartWorker) -> None:
    start_worker(TTS_LANES="2")
    slow = [platform.submit({"text": SLOW_TEXT}) for _ in range(2)]
    for job_id in slow:
        platform.wait_for(job_id, State.IN_PROGRESS)
    short = platform.submit({"text": "me first, please"})
    assert output(platform.wait_for(short, within_sec=5))["metrics"]["queue_sec"] < 1
    for job_id in slow:
        assert not platform.job(job_id).is_final
        platform.cancel(job_id)


def test_logs_hold_neither_text_nor_audio(platform: ControlPlane, start_worker: StartWorker) -> None:
    worker: WorkerProcess = start_worker(TTS_LOG_LEVEL="DEBUG")
    job_id = platform.submit({"text": "canarytext", "voice": "canaryvoice", "canaryfield": 1})
    platform.wait_for(job_id)
    spoken = platform.submit({"text": "canarytext", "response_format": "wav"})
    audio = output(platform.wait_for(spoken))["audio_base64"]
    assert "canary" not in worker.log
    assert audio[1000:1100] not in worker.log


def test_pings_go_on_while_a_job_is_worked_on(platform: ControlPlane, start_worker: StartWorker) -> None:
    start_worker()
    slow = platform.submit({"text": SLOW_TEXT})
    platform.wait_for(slow, State.IN_PROGRESS)
    before = len(platform.requests("ping"))
    platform.wait_until(lambda: len(platform.requests("ping")) >= before + 3)
    assert not platform.job(slow).is_final
    platform.cancel(slow)
