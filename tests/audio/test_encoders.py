from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from tests.audio.signals import noise
from worker.audio.encoders import (
    MP3_RATES,
    mp3_compression,
    opened,
    pcm16,
    wav_header,
)
from worker.audio.formats import FORMATS, MPEG_RATES
from worker.audio.outbox import Outbox


def test_16_bit_samples_are_rounded_and_never_wrap_around() -> None:
    step = 1 / 32_768
    samples = np.array([0, 0.4 * step, 0.6 * step, -0.6 * step, 1.0, -1.0, 7.5, -7.5], dtype=np.float32)
    assert pcm16(samples).tolist() == [0, 0, 1, -1, 32_767, -32_768, 32_767, -32_768]
    assert pcm16(samples).dtype == np.int16


def test_every_16_bit_sample_survives_the_way_to_float_and_back() -> None:
    every = np.arange(-32_768, 32_768, dtype=np.int16)
    assert np.array_equal(pcm16(every.astype(np.float32) / np.float32(32_768)), every)


def test_python_reads_the_wav_header() -> None:
    with wave.open(io.BytesIO(wav_header(22_050, 200) + bytes(200))) as file:
        assert file.getparams()[:4] == (1, 2, 22_050, 100)


def test_a_wav_over_4_gib_says_that_its_length_is_unknown() -> None:
    header = wav_header(48_000, 5 * 2**30)
    assert header[4:8] == header[40:44] == b"\xff\xff\xff\xff"


@pytest.mark.parametrize("sample_rate", MPEG_RATES)
def test_an_mp3_has_the_constant_bit_rate_of_the_table(sample_rate: int) -> None:
    kilobits = next(kilobits for from_rate, kilobits, *_ in MP3_RATES if sample_rate >= from_rate)
    outbox = Outbox()
    encoder = opened(FORMATS["mp3"], sample_rate, outbox)
    encoder.write(noise(20 * sample_rate, sample_rate).samples)
    encoder.close()
    size_bits = 8 * sum(len(piece.data) for piece in outbox.taken())
    # A few frames of padding come on top.
    assert size_bits / 20_000 == pytest.approx(kilobits, rel=0.02)
    assert 0 <= mp3_compression(sample_rate) < 1
