"""Which delivery a file takes, byte by byte round the platform's limit."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from worker.delivery.choose import Choice, deliveries
from worker.delivery.inline import ENVELOPE_BYTES, inline_limit, inline_size
from worker.delivery.sink import Sink
from worker.errors import DeliveryUnavailable, PayloadTooLarge
from worker.reply import Destination

REST_BYTES = 1000


def opened(choice: Choice = "auto", *, job_id: str = "job", volume_dir: Path | None = None) -> Sink:
    (open_sink,) = deliveries(choice, job_id=job_id, extension=".mp3", volume_dir=volume_dir, open_s3=None)
    return open_sink()


def delivered(sink: Sink, audio: bytes, *, block: int = 1_000_000) -> Destination:
    """Writes as an encoder does: a header that is only known at the end comes once more."""
    sink.write(bytes(len(audio[:4])))
    for start in range(4, len(audio), block):
        sink.write(audio[start : start + block])
    sink.seek(0)
    sink.write(audio[:4])
    return sink.finish(rest_bytes=REST_BYTES)


def audio_of(size: int) -> bytes:
    return (b"0123456789" * (size // 10 + 1))[:size]


def largest_inline(job_id: str) -> int:
    """Bytes of audio that just fit."""
    return (inline_limit(job_id) - REST_BYTES) // 4 * 3


def test_limits_follow_the_kind_of_call() -> None:
    assert inline_limit("abc") == 10_000_000 - ENVELOPE_BYTES
    assert inline_limit("sync-abc") == 20_000_000 - ENVELOPE_BYTES


@pytest.mark.parametrize("size", range(7))
def test_inline_size_is_what_base64_takes(size: int) -> None:
    assert inline_size(size) == len(base64.b64encode(bytes(size)))


def test_auto_stays_inline_up_to_the_last_byte_that_fits(tmp_path: Path) -> None:
    audio = audio_of(largest_inline("job"))
    given = delivered(opened(volume_dir=tmp_path), audio)
    assert given.audio_base64 is not None
    assert base64.b64decode(given.audio_base64) == audio
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("beyond", [1, REST_BYTES, 5_000_000])
def test_auto_moves_to_the_volume_as_soon_as_it_no_longer_fits(tmp_path: Path, beyond: int) -> None:
    audio = audio_of(largest_inline("job") + beyond)
    given = delivered(opened(volume_dir=tmp_path), audio)
    assert given.audio_base64 is None
    assert Path(given.audio_path or "").read_bytes() == audio


def test_a_synchronous_call_carries_twice_as_much() -> None:
    assert delivered(opened(job_id="sync-1"), audio_of(largest_inline("job") + 1)).audio_base64


@pytest.mark.parametrize("choice", ["auto", "inline"])
def test_without_a_way_out_the_error_gives_both_numbers(choice: Choice) -> None:
    audio = audio_of(2 * largest_inline("job"))
    with pytest.raises(PayloadTooLarge) as caught:
        delivered(opened(choice), audio)
    assert str(inline_size(len(audio)) + REST_BYTES) in str(caught.value)
    assert str(inline_limit("job")) in str(caught.value)


def test_what_does_not_fit_is_not_kept_in_memory() -> None:
    sink = opened("inline")
    for _ in range(100):
        sink.write(bytes(1_000_000))
    assert len(sink.kept) == 0  # type: ignore[attr-defined]


def test_volume_is_used_for_small_audio_too_when_asked_for(tmp_path: Path) -> None:
    given = delivered(opened("volume", volume_dir=tmp_path), b"abcdefgh")
    assert Path(given.audio_path or "").read_bytes() == b"abcdefgh"


@pytest.mark.parametrize("choice", ["auto", "inline", "volume"])
@pytest.mark.parametrize("size", [10, 20_000_000])
def test_an_aborted_delivery_leaves_nothing(tmp_path: Path, choice: Choice, size: int) -> None:
    sink = opened(choice, volume_dir=tmp_path)
    sink.write(bytes(size))
    sink.abort()
    sink.abort()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("choice", "hint"), [("volume", "TTS_VOLUME_DIR"), ("s3", "TTS_S3_BUCKET")])
def test_a_store_that_is_not_set_up_is_refused_before_any_work(choice: Choice, hint: str) -> None:
    with pytest.raises(DeliveryUnavailable, match=hint):
        opened(choice)
