from __future__ import annotations

import base64
from pathlib import Path

import pytest

from worker.delivery.choose import Choice, Delivery
from worker.delivery.inline import ENVELOPE_BYTES, inline_limit, inline_size
from worker.errors import DeliveryUnavailable, PayloadTooLarge

REST_BYTES = 1000


def delivery(choice: Choice = "auto", *, job_id: str = "job", volume_dir: Path | None = None) -> Delivery:
    return Delivery(choice=choice, job_id=job_id, volume_dir=volume_dir)


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
    audio = bytes(largest_inline("job"))
    given = delivery(volume_dir=tmp_path).deliver(audio, extension=".mp3", rest_bytes=REST_BYTES)
    assert given.audio_base64 is not None
    assert base64.b64decode(given.audio_base64) == audio
    assert list(tmp_path.iterdir()) == []


def test_auto_moves_to_the_volume_one_byte_later(tmp_path: Path) -> None:
    audio = bytes(largest_inline("job") + 1)
    given = delivery(volume_dir=tmp_path).deliver(audio, extension=".mp3", rest_bytes=REST_BYTES)
    assert given.audio_base64 is None
    assert Path(given.audio_path or "").read_bytes() == audio


def test_a_synchronous_call_carries_twice_as_much() -> None:
    audio = bytes(largest_inline("job") + 1)
    assert delivery(job_id="sync-1").deliver(audio, extension=".mp3", rest_bytes=REST_BYTES).audio_base64


@pytest.mark.parametrize("choice", ["auto", "inline"])
def test_without_a_way_out_the_error_gives_both_numbers(choice: Choice) -> None:
    audio = bytes(largest_inline("job") + 1)
    with pytest.raises(PayloadTooLarge) as caught:
        delivery(choice).deliver(audio, extension=".mp3", rest_bytes=REST_BYTES)
    assert str(inline_size(len(audio)) + REST_BYTES) in str(caught.value)
    assert str(inline_limit("job")) in str(caught.value)


def test_inline_that_does_not_fit_points_to_the_volume_where_there_is_one(tmp_path: Path) -> None:
    with pytest.raises(PayloadTooLarge, match="'delivery': 'auto'"):
        delivery("inline", volume_dir=tmp_path).deliver(bytes(9_000_000), extension=".mp3", rest_bytes=REST_BYTES)


def test_volume_is_used_for_small_audio_too_when_asked_for(tmp_path: Path) -> None:
    given = delivery("volume", volume_dir=tmp_path).deliver(b"abc", extension=".wav", rest_bytes=REST_BYTES)
    assert Path(given.audio_path or "").suffix == ".wav"


def test_a_volume_that_is_not_set_up_is_refused_before_any_work() -> None:
    with pytest.raises(DeliveryUnavailable, match="TTS_VOLUME_DIR"):
        delivery("volume").check()
    delivery("auto").check()
