"""The stream front end: audio as it is made, numbered, in order and complete."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.platform.control_plane import ControlPlane
from tests.platform.faults import Answer, Delay, Drop
from tests.platform.job import Job, State
from tests.production.conftest import StartWorker
from tests.production.test_queue import SLOW_TEXT, error

REQUEST = {"text": "One sentence after another. " * 60, "response_format": "pcm", "seed": 5, "chunk_size": 100}


def events(job: Job) -> tuple[bytes, dict[str, Any]]:
    """The audio of the pieces, which must be numbered without a gap, and the closing event."""
    *pieces, last = (chunk for chunk in job.chunks if isinstance(chunk, dict))
    assert [piece["index"] for piece in pieces] == list(range(len(pieces)))
    assert last["pieces"] == len(pieces)
    return b"".join(base64.b64decode(piece["audio_base64"]) for piece in pieces), last


def test_pieces_come_in_order_and_make_up_the_whole_file(platform: ControlPlane, start_worker: StartWorker) -> None:
    start_worker(TTS_FRONTEND="stream")
    streamed = platform.wait_for(platform.submit({**REQUEST, "stream": True}))
    whole = platform.wait_for(platform.submit(REQUEST))
    audio, done = events(streamed)
    assert done["type"] == "done"
    assert done["size_bytes"] == len(audio)
    (reply,) = whole.output  # type: ignore[misc]  # the output of a streaming worker is a list
    assert base64.b64decode(reply["audio_base64"]) == audio
    assert isinstance(streamed.output, list)
    assert len(json.dumps(streamed.output)) < 100_000


def test_a_slow_network_costs_pieces_and_not_time(platform: ControlPlane, start_worker: StartWorker) -> None:
    platform.inject("job-stream", Delay(0.2), times=None)
    start_worker(TTS_FRONTEND="stream")
    job = platform.wait_for(platform.submit({**REQUEST, "stream": True}), within_sec=60)
    audio, done = events(job)
    assert len(audio) == done["size_bytes"]
    assert done["pieces"] < len(done["utterances"])
    assert all(len(json.dumps(chunk)) < 1_000_000 for chunk in job.chunks)


def test_a_piece_the_network_loses_is_sent_again(platform: ControlPlane, start_worker: StartWorker) -> None:
    for number, action in enumerate((Drop("after_body"), Answer(500), Drop("before_body")), 1):
        platform.inject("job-stream", action, first=number)
    start_worker(TTS_FRONTEND="stream")
    job = platform.wait_for(platform.submit({**REQUEST, "stream": True}), within_sec=60)
    audio, done = events(job)
    assert len(audio) == done["size_bytes"]


def test_an_error_is_an_event_of_the_stream_and_the_jobs_error(
    platform: ControlPlane, start_worker: StartWorker
) -> None:
    start_worker(TTS_FRONTEND="stream")
    job = platform.wait_for(platform.submit({"text": "hello", "voice": "sara", "stream": True}))
    assert job.state == State.FAILED
    assert error(job)["code"] == "unknown_voice"
    (event,) = job.chunks
    assert isinstance(event, dict)
    assert (event["type"], event["failure"]["code"]) == ("failed", "unknown_voice")


def test_a_large_reply_that_was_not_to_be_streamed_arrives_whole(
    platform: ControlPlane, start_worker: StartWorker
) -> None:
    start_worker(TTS_FRONTEND="stream")
    job = platform.wait_for(platform.submit({**REQUEST, "response_format": "wav", "sample_rate": 24_000}))
    (reply,) = job.output  # type: ignore[misc]  # the output of a streaming worker is a list
    assert len(reply["audio_base64"]) > 1_000_000


def test_a_stream_cancelled_midway_stops_and_frees_its_lane(platform: ControlPlane, start_worker: StartWorker) -> None:
    start_worker(TTS_FRONTEND="stream", TTS_LANES="1")
    slow = platform.submit({"text": SLOW_TEXT, "stream": True})
    platform.wait_until(lambda: len(platform.job(slow).chunks) > 1)
    platform.cancel(slow)
    job = platform.wait_for(platform.submit({"text": "next", "stream": True}), within_sec=5)
    assert events(job)[1]["type"] == "done"
    assert platform.job(slow).results == []


def test_a_job_that_is_cancelled_while_its_piece_is_under_way_frees_its_lane(
    platform: ControlPlane, start_worker: StartWorker
) -> None:
    start_worker(TTS_FRONTEND="stream", TTS_LANES="1")
    slow = platform.submit({"text": SLOW_TEXT, "stream": True, "response_format": "pcm"})
    platform.inject("job-stream", Delay(4), job_id=slow, times=None)
    platform.wait_until(lambda: len(platform.requests("job-stream", job_id=slow)) == 1)
    platform.cancel(slow)
    health = platform.wait_for(platform.submit({"type": "health"}), within_sec=3)
    assert health.state == State.COMPLETED
