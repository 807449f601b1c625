from __future__ import annotations

import datetime as dt
import io
import logging
import os
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import botocore.auth
import psutil
import pytest
from pydantic import SecretStr

from tests.delivery.s3.answering import Answer, answering
from tests.delivery.s3.store import ACCESS_KEY_ID, BUCKET, HURRIED, SECRET_ACCESS_KEY, Store
from tests.faults.chaos_proxy import Toxic, chaos_proxy
from worker import logs
from worker.delivery.s3.connection import Connection, Patience
from worker.delivery.s3.upload import PART_BYTES, S3Upload, open_upload
from worker.errors import DeliveryFailed, S3AccessDenied, S3BucketMissing, S3ClockSkewed, WorkerError

SLACK_SEC = 1.5
"""What a deadline may be overrun by on a busy machine."""
SLOW_TO_NOTICE = replace(HURRIED, read_sec=20.0)
"""Whose single try takes longer than all of them may."""


def opened(connection: Connection, key: str) -> S3Upload:
    return open_upload(connection, key, content_type="audio/wav", metadata={})


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize(
    ("changes", "error", "code", "word"),
    [
        (
            {"access_key_id": SecretStr("ANOTHERKEY")},
            S3AccessDenied,
            "s3_access_denied",
            "not know the access key",
        ),
        ({"secret_access_key": SecretStr("wrong")}, S3AccessDenied, "s3_access_denied", "secret access key"),
        ({"bucket": "no-such-bucket"}, S3BucketMissing, "s3_bucket_missing", "no such bucket"),
    ],
)
def test_what_is_set_up_wrongly_is_known_before_any_work(
    store: Store, changes: dict[str, object], error: type[DeliveryFailed], code: str, word: str
) -> None:
    with pytest.raises(error, match=word) as caught:
        opened(store.connection(**changes), "refused")
    assert (caught.value.code, caught.value.retryable) == (code, False)


def test_a_clock_that_is_a_quarter_of_an_hour_off_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    later = dt.timedelta(minutes=16)
    monkeypatch.setattr(
        botocore.auth, "get_current_datetime", lambda: dt.datetime.now(dt.UTC).replace(tzinfo=None) + later
    )
    with pytest.raises(S3ClockSkewed) as caught:
        opened(store.connection(), "skewed")
    assert caught.value.code == "s3_clock_skewed"


def test_a_key_that_may_put_and_not_list_is_let_through() -> None:
    with answering({"GET": Answer(403, "AccessDenied"), "PUT": Answer(200)}) as (connection, asked):
        opened(connection, "put-only").finish(rest_bytes=0)
    assert asked == ["GET", "PUT"]


def test_a_key_that_may_not_even_put_is_told_at_the_end() -> None:
    with answering({"GET": Answer(403, "AccessDenied"), "PUT": Answer(403, "AccessDenied")}) as (connection, asked):
        with pytest.raises(S3AccessDenied, match="may not put"):
            opened(connection, "nothing").finish(rest_bytes=0)
        assert asked == ["GET", "PUT"]


@pytest.mark.parametrize(
    ("answer", "word", "tries"),
    [
        (Answer(503, "SlowDown"), "in trouble .SlowDown", 4),
        (Answer(500), "in trouble .500", 4),
        (Answer(400, "EntityTooLarge"), "larger than the store takes", 1),
        (Answer(400, "AuthorizationHeaderMalformed"), "another region", 1),
        (Answer(400, "RequestTimeTooSkewed"), "clock", 1),
        (Answer(418, "../../etc/passwd"), "refused the request .418", 1),
    ],
)
def test_a_refusal_is_final_and_trouble_is_waited_out(answer: Answer, word: str, tries: int) -> None:
    with answering({"GET": Answer(200), "PUT": answer}) as (connection, asked):
        upload = opened(connection, "k")
        started = time.monotonic()
        with pytest.raises(DeliveryFailed, match=word):
            upload.finish(rest_bytes=0)
        assert time.monotonic() - started < HURRIED.stall_sec + SLACK_SEC
        assert asked.count("PUT") >= tries
        assert tries > 1 or asked.count("PUT") == 1
        upload.abort()


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    process = psutil.Process()
    with answering({"GET": Answer(200, "Odd", filler_bytes=2**40)}) as (connection, _):
        before_bytes, started = process.memory_info().rss, time.monotonic()
        with pytest.raises(DeliveryFailed, match="too long"):
            opened(connection, "endless")
        assert time.monotonic() - started < HURRIED.read_sec + SLACK_SEC
        assert process.memory_info().rss - before_bytes < 32 * 2**20


def test_a_store_killed_in_the_middle_is_a_typed_error_in_time_and_leaves_no_object(own_store: Store) -> None:
    upload = opened(own_store.connection(), "half")
    upload.write(bytes(3 * PART_BYTES))
    own_store.kill()
    started = time.monotonic()
    with pytest.raises(DeliveryFailed, match="not reached") as caught:
        upload.finish(rest_bytes=0)
    assert caught.value.retryable
    assert time.monotonic() - started < HURRIED.stall_sec + SLACK_SEC
    upload.abort()
    assert "half" not in own_store.readable()


def test_the_error_surfaces_while_audio_is_still_being_made(own_store: Store) -> None:
    upload = opened(own_store.connection(), "half")
    own_store.kill()
    started = time.monotonic()
    with pytest.raises(DeliveryFailed):  # noqa: PT012  # which write it is depends on time
        while time.monotonic() - started < 3 * HURRIED.stall_sec:
            upload.write(bytes(PART_BYTES // 8))
            time.sleep(0.02)
    upload.abort()


def test_a_store_that_comes_back_in_time_gets_the_object(own_store: Store) -> None:
    upload = opened(own_store.connection(), "back")
    upload.write(b"audio")
    own_store.kill()
    back = threading.Timer(0.7, own_store.start)
    back.start()
    try:
        upload.finish(rest_bytes=0)
    finally:
        back.join()  # or it would start a server that nobody ends
    assert (own_store.folder / BUCKET / "back").read_bytes() == b"audio"


def test_a_store_that_lost_the_parts_says_so(own_store: Store) -> None:
    upload = opened(own_store.connection(), "lost")
    upload.write(bytes(2 * PART_BYTES))
    upload._wait_until(ahead=0)
    own_store.kill()
    own_store.start()
    with pytest.raises(DeliveryFailed, match="lost the upload") as caught:
        upload.finish(rest_bytes=0)
    assert caught.value.retryable
    upload.abort()
    assert "lost" not in own_store.readable()


def test_connections_cut_in_the_middle_of_parts_are_made_again(store: Store) -> None:
    data = os.urandom(4 * PART_BYTES)
    with chaos_proxy(store.port, up=Toxic(reset_after_bytes=PART_BYTES // 2)) as proxy:
        patience = replace(HURRIED, stall_sec=20.0)
        connection = Connection(replace(store.target(), endpoint=f"http://127.0.0.1:{proxy.port}"), patience)
        upload = opened(connection, "cut")
        mended = threading.Timer(0.5, lambda: setattr(proxy, "up", Toxic()))
        mended.start()
        try:
            upload.write(data)
            upload.finish(rest_bytes=0)
        finally:
            mended.join()
        assert proxy.connections > 2
        connection.client.close()
    assert (store.folder / BUCKET / "cut").read_bytes() == data


@pytest.mark.parametrize("size", [10, 3 * PART_BYTES])
def test_a_store_that_stands_still_is_given_up_in_time(own_store: Store, size: int) -> None:
    upload = opened(own_store.connection(SLOW_TO_NOTICE), "still")
    with stopped(own_store.pid):
        started = time.monotonic()
        with pytest.raises(DeliveryFailed) as caught:  # noqa: PT012  # whichever notices first
            upload.write(bytes(size))
            upload.finish(rest_bytes=0)
        upload.abort()
        took_sec = time.monotonic() - started
    assert caught.value.retryable
    assert took_sec < HURRIED.stall_sec + HURRIED.abort_sec + SLACK_SEC


def test_a_store_that_stands_still_at_the_check_is_given_up_in_time(own_store: Store) -> None:
    with stopped(own_store.pid):
        started = time.monotonic()
        with pytest.raises(DeliveryFailed):
            opened(own_store.connection(SLOW_TO_NOTICE), "still")
        assert time.monotonic() - started < HURRIED.check_sec + SLACK_SEC


def test_a_store_that_thaws_in_time_gets_the_object(own_store: Store) -> None:
    upload = opened(own_store.connection(replace(HURRIED, stall_sec=10.0)), "thawed")
    upload.write(b"audio")
    with stopped(own_store.pid):
        thaw = threading.Timer(1.5, os.kill, (own_store.pid, signal.SIGCONT))
        thaw.start()
        try:
            upload.finish(rest_bytes=0)
        finally:
            thaw.join()
    assert (own_store.folder / BUCKET / "thawed").read_bytes() == b"audio"


def test_the_deadlines_of_a_worker_are_bounded() -> None:
    patience = Patience()
    assert patience.stall_sec <= 60
    assert patience.check_sec <= 20


def test_no_secret_is_in_any_log_object_or_error(store: Store) -> None:
    lines = io.StringIO()
    logs.configure("DEBUG", lines)
    try:
        connection = store.connection()
        upload = opened(connection, "canary")
        upload.write(bytes(2 * PART_BYTES))
        url = upload.finish(rest_bytes=0).audio_url or ""
        errors = [
            _error(store.connection(secret_access_key=SecretStr(SECRET_ACCESS_KEY + "x"))),
            _error(store.connection(access_key_id=SecretStr(ACCESS_KEY_ID + "X"))),
            _error(store.connection(bucket="no-such-bucket")),
        ]
        with answering({"GET": Answer(400, "Odd"), "PUT": Answer(400, "Odd")}) as (other, _):
            errors.append(_error(other))
    finally:
        logging.basicConfig(level="WARNING", force=True)
    objects = [repr(thing) + str(thing) for thing in (connection, connection.target, upload, upload._sender, *errors)]
    shown = "\n".join([lines.getvalue(), *objects, *(str(error) for error in errors)])
    assert SECRET_ACCESS_KEY not in shown
    assert ACCESS_KEY_ID not in shown
    assert url.split("X-Amz-Signature=")[1] not in shown
    for error in errors:
        assert ACCESS_KEY_ID not in "".join(traceback.format_exception(error))


def _error(connection: Connection) -> WorkerError:
    with pytest.raises(WorkerError) as caught:
        opened(connection, "canary")
    return caught.value
