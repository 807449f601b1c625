"""What is marked as it comes is marked as the whole is, soon, and without a seam."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import repeat

import numpy as np
import perth
import pytest

from tests.engines.chatterbox.watermark.sounds import FULL_SCALE, RATE, SOUNDS, decibels, sound
from worker.audio.clip import Samples
from worker.engines.chatterbox.watermark.network import CONTEXT
from worker.engines.chatterbox.watermark.stream import PIECE_SEC, WatermarkStream
from worker.engines.chatterbox.watermark.watermark import Watermark

ROUNDING_DB = -115
"""Of single precision, beside the residual: a matrix is multiplied with another number of rows."""
PIECES: dict[str, Callable[[], Iterable[float]]] = {
    "0.1 s": lambda: repeat(0.1),
    "0.3 s": lambda: repeat(0.3),
    "1 s": lambda: repeat(1.0),
    "any": lambda: iter(np.random.default_rng(3).uniform(0, 0.6, 1_000)),
}


def pieces(samples: Samples, seconds: Iterable[float], sample_rate: int) -> Iterator[Samples]:
    start = 0
    for duration in seconds:
        count = round(duration * sample_rate)
        yield samples[start : start + count]
        start += count
        if start >= len(samples):
            return


def streamed(stream: WatermarkStream, given: Iterable[Samples]) -> Samples:
    """Ended by an empty last piece."""
    marked = [stream.push(piece) for piece in given]
    return np.concatenate([*marked, stream.push(np.zeros(0, dtype=np.float32), last=True)])


@pytest.mark.parametrize("rate", [RATE, 22_050])
@pytest.mark.parametrize("lengths", PIECES)
@pytest.mark.parametrize("name", SOUNDS)
def test_pieces_are_marked_as_the_whole_is(
    name: str,
    lengths: str,
    rate: int,
    watermark: Watermark,
    upstream: perth.PerthImplicitWatermarker,
) -> None:
    samples = sound(name, rate)[: 3 * rate]
    whole = watermark.mark(samples, rate)
    marked = streamed(watermark.stream(rate), pieces(samples, PIECES[lengths](), rate))
    assert (marked.shape, marked.dtype) == (samples.shape, np.float32)
    assert decibels(marked - whole, whole - samples) < ROUNDING_DB
    assert upstream.get_watermark((marked * FULL_SCALE).round() / FULL_SCALE, rate) == 1.0


@pytest.mark.parametrize(
    ("lookahead", "longest_sec", "difference"), [(CONTEXT, 0.225, ROUNDING_DB), (12, 0.195, -50), (4, 0.115, -15)]
)
def test_a_shorter_lookahead_gives_audio_sooner_and_it_is_found_as_surely(
    lookahead: int,
    longest_sec: float,
    difference: float,
    watermark: Watermark,
    upstream: perth.PerthImplicitWatermarker,
) -> None:
    samples = sound("speech", RATE)
    whole = watermark.mark(samples)
    stream = watermark.stream(lookahead=lookahead)
    marked: list[Samples] = []
    taken = given = 0
    for piece in pieces(samples, repeat(0.1), RATE):
        marked.append(stream.push(piece))
        taken, given = taken + len(piece), given + len(marked[-1])
        assert taken - given <= longest_sec * RATE
    ended = np.concatenate([*marked, stream.push(np.zeros(0, dtype=np.float32), last=True)])
    assert decibels(ended - whole, whole - samples) < difference
    assert upstream.get_watermark(ended, RATE, round=False) > 0.999


@pytest.mark.parametrize("lookahead", [CONTEXT, 4, 0])
def test_a_piece_begins_as_smoothly_as_the_whole_goes_on(lookahead: int, watermark: Watermark) -> None:
    samples = sound("hiss", RATE)
    whole = watermark.mark(samples) - samples
    marked = streamed(watermark.stream(lookahead=lookahead), pieces(samples, repeat(0.1), RATE)) - samples
    # What is added is below 2 kHz: a seam would reach over it.
    assert above(marked) < above(whole) + 3


@pytest.mark.parametrize("name", SOUNDS)
def test_half_a_second_alone_is_found(
    name: str, watermark: Watermark, upstream: perth.PerthImplicitWatermarker
) -> None:
    samples = sound(name, RATE)[RATE : RATE * 3 // 2]
    marked = watermark.stream().push(samples, last=True)
    theirs = upstream.apply_watermark(samples, sample_rate=RATE)
    assert upstream.get_watermark(marked, RATE) == upstream.get_watermark(theirs, RATE) == 1.0


def test_what_is_longer_than_a_piece_is_marked_as_one(
    watermark: Watermark, upstream: perth.PerthImplicitWatermarker
) -> None:
    samples = np.tile(sound("glides", 32_000), 5)
    assert len(samples) > 2 * PIECE_SEC * 32_000
    theirs = upstream.apply_watermark(samples, sample_rate=32_000)
    np.testing.assert_allclose(watermark.mark(samples, 32_000), theirs, rtol=0, atol=3e-6)


def test_single_samples_are_as_good_as_any(watermark: Watermark) -> None:
    samples = sound("hiss", 8_000)[:2_500]
    marked = streamed(watermark.stream(8_000), np.split(samples, len(samples)))
    whole = watermark.mark(samples, 8_000)
    assert decibels(marked - whole, whole - samples) < ROUNDING_DB


def test_streams_do_not_mix(watermark: Watermark) -> None:
    given = [sound(name, RATE)[:RATE] for name in ("speech", "hiss")]
    streams = [watermark.stream() for _ in given]
    marked: list[list[Samples]] = [[], []]
    for start in range(0, RATE, 4_800):
        for stream, samples, into in zip(streams, given, marked, strict=True):
            into.append(stream.push(samples[start : start + 4_800], last=start + 4_800 >= RATE))
    for samples, found in zip(given, marked, strict=True):
        whole = watermark.mark(samples)
        assert decibels(np.concatenate(found) - whole, whole - samples) < ROUNDING_DB


def test_nothing_at_all_may_be_streamed(watermark: Watermark) -> None:
    assert watermark.stream().push(np.zeros(0, dtype=np.float32), last=True).shape == (0,)


def test_a_stream_that_has_ended_takes_no_more(watermark: Watermark) -> None:
    stream = watermark.stream()
    stream.push(sound("glides", RATE), last=True)
    with pytest.raises(ValueError, match="has ended"):
        stream.push(sound("glides", RATE))


def above(residual: Samples) -> float:
    """What of it lies above 2.3 kHz, in decibels beside all of it."""
    bands = np.abs(np.fft.rfft(residual))
    return decibels(bands[np.fft.rfftfreq(len(residual), 1 / RATE) > 2_300], bands)
