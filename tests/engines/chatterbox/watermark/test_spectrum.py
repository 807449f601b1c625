"""Frames are Perth's at every rate that they fit."""

from __future__ import annotations

import numpy as np
import perth
import pytest
import torch

from tests.engines.chatterbox.watermark.sounds import sound
from worker.engines.chatterbox.watermark.analysis import Analysis
from worker.engines.chatterbox.watermark.joining import Joining
from worker.engines.chatterbox.watermark.network import BANDS
from worker.engines.chatterbox.watermark.spectrum import Spectrum

CPU = torch.device("cpu")


@pytest.mark.parametrize("pieces", [1, 7])
def test_levels_are_upstreams(pieces: int, upstream: perth.PerthImplicitWatermarker) -> None:
    samples = torch.from_numpy(sound("speech", 32_000).copy())
    spectrum = Spectrum.at(32_000, CPU)
    analysis = Analysis(spectrum)
    chunks = samples.chunk(pieces)
    found = torch.cat([analysis.push(chunk, last=chunk is chunks[-1]) for chunk in chunks])
    theirs, _ = upstream.perth_net.ap.signal_to_magphase(samples)
    # Near silence a level is of a magnitude that is itself of rounding.
    audible = theirs[:BANDS].t() > 0.3
    assert audible.float().mean() > 0.8
    torch.testing.assert_close(spectrum.levels(found)[audible], theirs[:BANDS].t()[audible], rtol=0, atol=1e-4)


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 24_000, 44_500, 48_000])
def test_a_sound_of_low_bands_comes_back_from_its_frames_whatever_the_rate(sample_rate: int) -> None:
    times = np.arange(sample_rate) / sample_rate
    tones = torch.from_numpy(0.3 * np.cos(2 * np.pi * 440 * times) + 0.2 * np.sin(2 * np.pi * 1111 * times))
    spectrum = Spectrum.at(sample_rate, CPU)
    analysis, joining = Analysis(spectrum), Joining(spectrum)
    chunks = tones.float().chunk(5)
    joined = []
    for chunk in chunks:
        last = chunk is chunks[-1]
        bands = analysis.push(chunk, last=last)
        joined.append(joining.push(bands, last=last))
    inside = slice(sample_rate // 10, -sample_rate // 10)
    torch.testing.assert_close(torch.cat(joined)[: len(tones)][inside], tones.float()[inside], rtol=0, atol=1e-4)


def test_frames_fit_rates_with_whole_hops_windows_and_all_bands() -> None:
    assert [rate for rate in (2_000, 8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000) if Spectrum.fits(rate)] == [
        8_000,
        16_000,
        24_000,
        48_000,
    ]
