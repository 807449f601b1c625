"""Spectra are those of `torch.stft`, and samples those of `torch.istft`."""

from __future__ import annotations

import pytest
import torch

from worker.engines.chatterbox.vocoder.spectrum import BINS, HOP, LIMIT, WINDOW, Analysis, Synthesis

CPU = torch.device("cpu")


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("sizes", [(480,), (480, 480), (960, 0, 1440)])
def test_an_analysis_is_torchs(sizes: tuple[int, ...]) -> None:
    samples = drawn(sum(sizes))
    analysis = Analysis(CPU)
    pieces = [
        analysis.push(piece, last=index == len(sizes) - 1) for index, piece in enumerate(samples.split(list(sizes)))
    ]
    window = torch.hann_window(WINDOW)
    theirs = torch.stft(samples, WINDOW, HOP, window=window, return_complex=True)
    assert torch.allclose(torch.cat(pieces), torch.cat([theirs.real, theirs.imag]).t(), atol=2e-6)


@pytest.mark.parametrize("sizes", [(121,), (1, 119, 1), (2, 0, 120, 119)])
def test_a_synthesis_is_torchs(sizes: tuple[int, ...]) -> None:
    spoken = drawn(sum(sizes), 2 * BINS)
    course = Synthesis(CPU).start()
    pieces = [course.push(piece, last=index == len(sizes) - 1) for index, piece in enumerate(spoken.split(list(sizes)))]
    magnitude, phase = spoken[:, :BINS].exp(), spoken[:, BINS:].sin()
    theirs = torch.istft(torch.polar(magnitude, phase).t(), WINDOW, HOP, window=torch.hann_window(WINDOW))
    assert theirs.abs().max() > LIMIT
    assert torch.allclose(torch.cat(pieces), theirs.clamp(-LIMIT, LIMIT), atol=2e-6)
