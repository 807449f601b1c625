"""`delivery: s3` through the real worker, into a real S3 server."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import requests
import soundfile

from tests.delivery.s3.store import ACCESS_KEY_ID, BUCKET, SECRET_ACCESS_KEY, Store
from tests.platform.control_plane import ControlPlane
from tests.platform.job import State
from tests.platform.process import WorkerProcess
from tests.production.conftest import HANDLER, StartWorker
from tests.production.test_queue import SLOW_TEXT, error, output

LONG = {"text": "A sentence of some length that is said again and again. " * 80, "response_format": "wav"}
LONG["sample_rate"] = 48_000  # type: ignore[assignment]  # well over what a reply carries


def settings(store: Store, **changes: str) -> dict[str, str]:
    return {
        "TTS_S3_ENDPOINT": f"http://127.0.0.1:{store.port}",
        "TTS_S3_BUCKET": BUCKET,
        "TTS_S3_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "TTS_S3_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        **changes,
    }


def assert_holds_the_recording(reply: dict[str, Any]) -> None:
    assert "audio_base64" not in reply
    answer = requests.get(reply["audio_url"], timeout=20)
    assert answer.headers["Content-Type"] == reply["content_type"]
    assert len(answer.content) == reply["size_bytes"]
    info = soundfile.info(io.BytesIO(answer.content))
    assert info.duration == pytest.approx(reply["duration_sec"], abs=0.1)


def test_a_recording_is_found_behind_its_url(platform: ControlPlane, start_worker: StartWorker, store: Store) -> None:
    start_worker(**settings(store))
    job_id = platform.submit({"text": "stored, not sent", "delivery": "s3", "response_format": "mp3"})
    assert_holds_the_recording(output(platform.wait_for(job_id)))
    (key,) = store.readable()
    assert key.startswith(job_id)


def test_auto_goes_to_the_bucket_when_the_reply_would_be_too_large(
    platform: ControlPlane, start_worker: StartWorker, store: Store
) -> None:
    worker = start_worker(**settings(store))
    small = output(platform.wait_for(platform.submit({"text": "small"})))
    assert small["audio_base64"]
    assert store.readable() == []
    assert_holds_the_recording(output(platform.wait_for(platform.submit(LONG), within_sec=60)))
    assert SECRET_ACCESS_KEY not in worker.log
    assert "X-Amz-Signature" not in worker.log


def test_a_job_delivered_again_after_its_answer_writes_the_same_object(store: Store, tmp_path: Path) -> None:
    with ControlPlane() as platform, WorkerProcess(HANDLER, platform, tmp_path / "log", environment=settings(store)):
        job_id = platform.submit({"text": "once and once more", "delivery": "s3"})
        platform.wait_for(job_id)
        (key,) = store.readable()
        before = (store.folder / BUCKET / key).read_bytes()
        platform.deliver_again(job_id)
        platform.wait_until(lambda: len(platform.requests("job-done", job_id=job_id)) == 2)
    assert store.readable() == [key]
    assert (store.folder / BUCKET / key).read_bytes() == before


def test_a_job_may_bring_its_own_bucket_and_its_secrets_stay_out_of_the_log(
    platform: ControlPlane, start_worker: StartWorker, store: Store
) -> None:
    worker = start_worker(TTS_S3_ALLOW_PRIVATE_ENDPOINT="true", TTS_LOG_LEVEL="DEBUG")
    own = {
        "accessId": ACCESS_KEY_ID,
        "accessSecret": SECRET_ACCESS_KEY,
        "bucketName": BUCKET,
        "endpointUrl": f"http://127.0.0.1:{store.port}",
    }
    job_id = platform.submit({"text": "into my own bucket", "delivery": "s3"}, s3Config=own)
    assert_holds_the_recording(output(platform.wait_for(job_id)))
    assert ACCESS_KEY_ID not in worker.log
    assert SECRET_ACCESS_KEY not in worker.log


def test_a_jobs_own_bucket_in_a_private_network_is_refused(
    platform: ControlPlane, start_worker: StartWorker, store: Store
) -> None:
    start_worker()
    own = {"accessId": "a", "accessSecret": "b", "bucketName": BUCKET, "endpointUrl": f"https://127.0.0.1:{store.port}"}
    failure = error(platform.wait_for(platform.submit({"text": "hello", "delivery": "s3"}, s3Config=own)))
    assert (failure["code"], failure["retryable"]) == ("invalid_s3_config", False)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"TTS_S3_SECRET_ACCESS_KEY": "wrong"}, "s3_access_denied"),
        ({"TTS_S3_ACCESS_KEY_ID": "wrong"}, "s3_access_denied"),
        ({"TTS_S3_BUCKET": "no-such-bucket"}, "s3_bucket_missing"),
    ],
)
def test_a_bucket_that_is_set_up_wrongly_is_a_typed_error(
    platform: ControlPlane, start_worker: StartWorker, store: Store, change: dict[str, str], code: str
) -> None:
    start_worker(**settings(store, **change))
    failure = error(platform.wait_for(platform.submit({"text": "hello", "delivery": "s3"}), within_sec=40))
    assert failure["code"] == code


def test_a_bucket_that_is_gone_sends_auto_to_the_volume_and_the_reply_says_so(
    platform: ControlPlane, start_worker: StartWorker, store: Store, tmp_path: Path
) -> None:
    start_worker(**settings(store, TTS_VOLUME_DIR=str(tmp_path / "volume")))
    store.kill()
    reply = output(platform.wait_for(platform.submit(LONG), within_sec=90))
    assert soundfile.info(reply["audio_path"]).duration == pytest.approx(reply["duration_sec"], abs=0.1)
    assert "delivered another way" in reply["warnings"][0]


def test_a_job_cancelled_while_it_uploads_leaves_no_object(
    platform: ControlPlane, start_worker: StartWorker, store: Store
) -> None:
    start_worker(**settings(store))
    job_id = platform.submit({"text": SLOW_TEXT, "delivery": "s3", "response_format": "wav", "sample_rate": 48_000})
    platform.wait_for(job_id, State.IN_PROGRESS)
    platform.cancel(job_id)
    health = output(platform.wait_for(platform.submit({"type": "health"}), within_sec=10))
    assert health["jobs"].get("cancelled", 0) <= 1
    assert store.readable() == []
