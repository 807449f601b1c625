from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest
import urllib3

from tests.delivery.s3.store import BUCKET, Store
from worker.audio.clip import Clip
from worker.audio.encode import encode_file
from worker.audio.formats import FORMATS
from worker.delivery.s3.connection import Connection, Patience
from worker.delivery.s3.upload import PART_BYTES, S3Upload, open_upload
from worker.delivery.sink import Sink

SAMPLE_RATE = 48_000
MIBI = 2**20


def opened(connection: Connection, key: str, format_name: str = "wav") -> S3Upload:
    return open_upload(
        connection, key, content_type=FORMATS[format_name].content_type, metadata={"job": "j-1", "digest": "0a"}
    )


def clips(seconds: int) -> Iterator[Clip]:
    """Noise, one second at a time, the same again for the same length."""
    generator = np.random.default_rng(7)
    for _ in range(seconds):
        yield Clip(samples=generator.uniform(-0.5, 0.5, SAMPLE_RATE).astype(np.float32), sample_rate=SAMPLE_RATE)


def expected(seconds: int, format_name: str) -> bytes:
    file = io.BytesIO()
    encode_file(clips(seconds), format_name, sample_rate=SAMPLE_RATE, into=file)
    return file.getvalue()


def got(url: str | None) -> urllib3.BaseHTTPResponse:
    assert url is not None
    with urllib3.PoolManager() as pool:
        return pool.request("GET", url)


def test_it_is_a_sink(store: Store) -> None:
    sink: Sink = S3Upload(store.connection(), "sink", content_type="audio/wav", metadata={})
    sink.abort()


@pytest.mark.parametrize("format_name", ["wav", "flac", "mp3", "pcm"])
def test_a_small_recording_is_one_object_equal_to_the_file(store: Store, format_name: str) -> None:
    upload = opened(store.connection(), f"small/a.{format_name}", format_name)
    encode_file(clips(2), format_name, sample_rate=SAMPLE_RATE, into=upload)  # type: ignore[arg-type]  # it only seeks and writes
    answer = got(upload.finish(rest_bytes=0).audio_url)
    assert answer.status == 200
    assert answer.data == expected(2, format_name)
    assert answer.headers["Content-Type"] == FORMATS[format_name].content_type


@pytest.mark.parametrize("format_name", ["wav", "flac"])
def test_a_recording_of_several_parts_has_its_header_patched(store: Store, format_name: str) -> None:
    upload = opened(store.connection(), f"large/a.{format_name}", format_name)
    encode_file(clips(290), format_name, sample_rate=SAMPLE_RATE, into=upload)  # type: ignore[arg-type]  # it only seeks and writes
    answer = got(upload.finish(rest_bytes=0).audio_url)
    whole = expected(290, format_name)
    assert len(whole) > 2 * PART_BYTES
    assert answer.data == whole
    assert answer.headers["Content-Type"] == FORMATS[format_name].content_type


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, 3 * PART_BYTES + 5])
def test_every_size_arrives_whole_however_it_is_cut(store: Store, size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    upload = opened(store.connection(), f"sizes/{size}")
    for start in range(0, size, 3_000_017):
        assert upload.write(data[start : start + 3_000_017]) == len(data[start : start + 3_000_017])
    upload.seek(0)
    upload.write(b"HEAD"[:size])
    url = upload.finish(rest_bytes=0).audio_url
    assert got(url).data == b"HEAD"[:size] + data[4:]


def test_one_write_may_be_larger_than_a_part(store: Store) -> None:
    data = np.random.default_rng(1).bytes(3 * PART_BYTES + 1)
    upload = opened(store.connection(), "sizes/one-write")
    upload.write(data)
    assert got(upload.finish(rest_bytes=0).audio_url).data == data


def test_what_is_on_its_way_cannot_be_written_anew(store: Store) -> None:
    upload = opened(store.connection(), "anew")
    upload.write(bytes(PART_BYTES + 10))
    upload.seek(PART_BYTES - 1)
    with pytest.raises(ValueError, match="first part"):
        upload.write(b"ab")
    upload.abort()


def test_the_metadata_is_set_and_has_to_be_plain(store: Store) -> None:
    connection = store.connection()
    opened(connection, "metadata").finish(rest_bytes=0)
    head = connection.client.head_object(Bucket=BUCKET, Key="metadata")
    assert {name.lower(): value for name, value in head["Metadata"].items()} == {"job": "j-1", "digest": "0a"}
    with pytest.raises(ValueError, match="ASCII"):
        S3Upload(connection, "k", content_type="audio/wav", metadata={"voice": "é"})


def test_a_signed_url_is_good_for_this_object_and_this_long_only(store: Store) -> None:
    upload = opened(store.connection(url_lifetime_sec=1), "signed")
    upload.write(b"audio")
    url = upload.finish(rest_bytes=0).audio_url or ""
    assert got(url).data == b"audio"
    assert got(url.replace("/signed?", "/sizes/1?")).status == 403
    assert got(url[:-1] + ("0" if url[-1] != "0" else "1")).status == 403
    assert got(urlsplit(url)._replace(query="").geturl()).status >= 400
    time.sleep(2.1)  # the server counts whole seconds
    assert got(url).status in (400, 403)


def test_a_public_bucket_gives_plain_urls(store: Store) -> None:
    upload = opened(store.connection(public_base_url="https://cdn.example/audio/"), "it's/a (1).wav")
    assert upload.finish(rest_bytes=0).audio_url == "https://cdn.example/audio/it%27s/a%20%281%29.wav"


@pytest.mark.parametrize("size", [10, PART_BYTES + 1, 4 * PART_BYTES])
def test_an_aborted_upload_leaves_nothing(store: Store, size: int) -> None:
    connection = store.connection()
    upload = opened(connection, f"aborted/{size}")
    upload.write(bytes(size))
    upload.abort()
    upload.abort()
    assert not [key for key in store.readable() if "aborted" in key]
    uploads = connection.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
    assert not [each for each in uploads if each["Key"].startswith("aborted")]
    with pytest.raises(ValueError, match="ended"):
        upload.write(b"more")


def test_an_abort_after_the_end_changes_nothing(store: Store) -> None:
    upload = opened(store.connection(), "kept")
    upload.write(b"audio")
    url = upload.finish(rest_bytes=0).audio_url
    upload.abort()
    assert got(url).data == b"audio"


def test_an_hour_of_audio_never_sits_in_memory(store: Store) -> None:
    """Beside the uploader's five parts there is room for the encoder's and the allocator's own."""
    block = next(iter(clips(1)))
    upload = opened(store.connection(Patience()), "hour.wav")
    process = psutil.Process()
    before_bytes, peak_bytes = process.memory_info().rss, 0

    def hour() -> Iterator[Clip]:
        nonlocal peak_bytes
        for _ in range(3600):
            peak_bytes = max(peak_bytes, process.memory_info().rss)
            yield block

    started = time.monotonic()
    encode_file(hour(), "wav", sample_rate=SAMPLE_RATE, into=upload)  # type: ignore[arg-type]  # it only seeks and writes
    upload.finish(rest_bytes=0)
    took_sec = time.monotonic() - started
    stored = store.folder / BUCKET / "hour.wav"
    size = stored.stat().st_size
    stored.unlink()
    print(f"an hour: {took_sec:.1f} s, +{(peak_bytes - before_bytes) / MIBI:.0f} MiB")  # noqa: T201  # shown by -s
    assert size == 44 + 3600 * SAMPLE_RATE * 2
    assert peak_bytes - before_bytes < 64 * MIBI
    assert took_sec < 20


def test_the_library_is_loaded_only_when_something_is_uploaded() -> None:
    code = "import sys, worker.delivery.s3.upload, worker.delivery.s3.target; print('botocore.session' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "False"
