"""Voices that jobs save in a bucket, through whole workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import Caller
from tests.delivery.s3.store import ACCESS_KEY_ID, BUCKET, SECRET_ACCESS_KEY, Store
from tests.jobs.speakers import MONOTONE, base64_of, pitch, refusal, speech, sung
from worker.jobs.context import Worker
from worker.reply import VoicesReply
from worker.service import Service
from worker.settings import Settings

SAID: dict[str, Any] = {"text": MONOTONE, "response_format": "wav", "seed": 1}


@contextmanager
def started(store: Store) -> Iterator[Caller]:
    settings = Settings(
        engines=("tone",),
        saved_voices_s3=True,
        delete_voices=True,
        cache_mb=0,
        guards=False,
        voices_refresh_sec=0,
        s3_endpoint=f"http://127.0.0.1:{store.port}",  # type: ignore[arg-type]  # pydantic reads it
        s3_bucket=BUCKET,
        s3_access_key_id=ACCESS_KEY_ID,
        s3_secret_access_key=SECRET_ACCESS_KEY,
        s3_prefix="studio",
    )
    worker = Worker.load(settings)
    try:
        yield Caller(Service(worker))
    finally:
        worker.close()


def test_a_voice_that_one_worker_saves_in_a_bucket_is_spoken_and_deleted_by_another(own_store: Store) -> None:
    with started(own_store) as here, started(own_store) as there:
        speech(here(**SAID, reference_audio=base64_of(sung(220)), save_voice="Aunt Mary"))
        assert "studio/voices/aunt-mary.safetensors" in own_store.readable()
        assert pitch(speech(there(**SAID, voice="aunt-mary"))) == pytest.approx(220, rel=0.01)
        with started(own_store) as later:
            listed = later(type="voices", saved=True)
            assert isinstance(listed, VoicesReply)
            assert [voice.id for voice in listed.voices] == ["aunt-mary"]
        gone = there(type="voices", delete="aunt-mary")
        assert isinstance(gone, VoicesReply)
        assert gone.deleted == "aunt-mary"
        assert "studio/voices/aunt-mary.safetensors" not in own_store.readable()


def test_a_bucket_out_of_reach_is_told_and_other_voices_go_on(own_store: Store) -> None:
    with started(own_store) as ask:
        own_store.kill()
        error = refusal(ask(**SAID, reference_audio=base64_of(sung(220)), save_voice="me")).error
        assert (error.code, error.retryable) == ("voice_not_saved", True)
        assert speech(ask(**SAID, voice="tone-male"))
