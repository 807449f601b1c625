"""Loudness is pyloudnorm's number, to the last bit or next to it."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pyloudnorm
import pytest

from tests.engines.chatterbox.conditioning.recordings import cut
from voice_library.voice import Reference
from worker.engines.chatterbox.conditioning.loudness import levelled, loudness_lufs

LAST_BITS = 1e-9
"""LU. A sample on the edge between two numbers of single precision may fall to the other side."""


def upstreams(samples: np.ndarray, sample_rate: int) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of what is silent it takes the mean of nothing
        return float(pyloudnorm.Meter(sample_rate).integrated_loudness(samples))


@pytest.mark.parametrize("seconds", [0.4, 0.45, 1.0, 4.999, 12.3])
@pytest.mark.parametrize("gain", [1.0, 0.03, 3e-4])
def test_it_is_what_upstream_measures(seconds: float, gain: float, speakers: tuple[Reference, ...]) -> None:
    reference = cut(speakers[0], seconds, gain=gain)
    ours = loudness_lufs(reference.samples, reference.sample_rate)
    assert ours == pytest.approx(upstreams(reference.samples, reference.sample_rate), abs=LAST_BITS)


@pytest.mark.parametrize("sample_rate", [8_000, 24_000, 48_000])
def test_it_is_so_of_noise_with_an_offset_and_a_pause(sample_rate: int) -> None:
    samples = np.random.default_rng(1).standard_normal(5 * sample_rate).astype(np.float32) * 0.1 + np.float32(0.3)
    samples[sample_rate : 2 * sample_rate] *= 0.01
    assert loudness_lufs(samples, sample_rate) == pytest.approx(upstreams(samples, sample_rate), abs=LAST_BITS)


def test_both_gates_are_where_upstream_has_them() -> None:
    noise = np.random.default_rng(2).standard_normal(8 * 24_000)
    fading = (noise * 10 ** np.linspace(-0.5, -4.5, len(noise))).astype(np.float32)
    assert loudness_lufs(fading, 24_000) == pytest.approx(upstreams(fading, 24_000), abs=LAST_BITS)


def test_what_is_too_quiet_to_count_has_none_and_stays_as_it_is() -> None:
    quiet = np.full(24_000, 1e-6, dtype=np.float32)
    assert loudness_lufs(quiet, 24_000) == -math.inf == upstreams(quiet, 24_000)
    assert levelled(quiet, 24_000, -27.0) is quiet


def test_what_is_levelled_is_at_the_target(speakers: tuple[Reference, ...]) -> None:
    reference = cut(speakers[1], 6.0)
    made = levelled(reference.samples, reference.sample_rate, -27.0)
    assert made.dtype == np.float32
    assert upstreams(made, reference.sample_rate) == pytest.approx(-27.0, abs=1e-5)
