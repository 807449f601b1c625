"""The excitation is upstream's, and keeps its phase over an utterance of any length, which upstream's does not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.engines.chatterbox.vocoder.conftest import Checkpoint, Drawn
from worker.engines.chatterbox.vocoder.excitation import FRAME, MULTIPLES, SAMPLE_RATE
from worker.engines.chatterbox.vocoder.vocoder import Vocoder

LONG, SHORT = 500, 25
"""Frames."""
EXACT = 1e-5
"""Of a sample: what single precision does to the sine of an angle of up to nine turns."""


def pitches(frames: int) -> Tensor:
    """A voice that glides, and stops now and then: float64 [frames]."""
    glide = 180 + 90 * torch.sin(torch.arange(frames, dtype=torch.float64) / 7)
    return torch.where(torch.arange(frames) % 20 < 17, glide, 3.0)


def upstreams(checkpoint: Checkpoint, pitch: Tensor) -> Tensor:
    torch.manual_seed(5)
    made, _, _ = checkpoint.module.m_source(pitch.float().repeat_interleave(FRAME)[None, :, None])
    waveform: Tensor = made[0, :, 0]
    return waveform


def exact(checkpoint: Checkpoint, pitch: Tensor) -> Tensor:
    """In double precision, sample by sample."""
    breath = Drawn(len(pitch))
    hertz = pitch.float().double().repeat_interleave(FRAME)
    phases = breath.phases(MULTIPLES).double()[:, None]
    phases[0] = 0
    turns = torch.cumsum(hertz * torch.arange(1, MULTIPLES + 1)[:, None] / SAMPLE_RATE, dim=1)
    voiced = (hertz > 10).double()
    noise = torch.where(voiced > 0, 0.003, 0.1 / 3) * breath.noise.double()
    heard = 0.1 * torch.sin(2 * torch.pi * (turns % 1) + phases) * voiced + noise
    merge = checkpoint.module.m_source.l_linear
    return torch.tanh(merge.weight.double() @ heard + merge.bias.double())[0]


def ours(vocoder: Vocoder, pitch: Tensor, *sizes: int) -> Tensor:
    course = vocoder.excitation.start(Drawn(len(pitch)))
    return torch.cat([course.push(piece) for piece in pitch.float().double().split(sizes or len(pitch))])


def test_a_short_one_is_upstreams(checkpoint: Checkpoint, vocoder: Vocoder) -> None:
    pitch = pitches(SHORT)
    assert (ours(vocoder, pitch) - upstreams(checkpoint, pitch)).abs().max() <= 1e-4


@pytest.mark.parametrize("frames", [SHORT, LONG])
def test_it_is_exact_at_any_length(frames: int, checkpoint: Checkpoint, vocoder: Vocoder) -> None:
    pitch = pitches(frames)
    assert (ours(vocoder, pitch) - exact(checkpoint, pitch)).abs().max() <= EXACT


def test_what_upstream_rounds_grows_with_the_length(checkpoint: Checkpoint) -> None:
    short, long = (
        float((upstreams(checkpoint, pitches(frames)) - exact(checkpoint, pitches(frames))).abs().max())
        for frames in (SHORT, LONG)
    )
    assert short <= 1e-4
    assert long > 5 * short
    assert long > 10 * EXACT


def test_pieces_are_the_whole(vocoder: Vocoder) -> None:
    pitch = pitches(SHORT)
    assert (ours(vocoder, pitch, 1, 0, 4, 15, 5) - ours(vocoder, pitch)).abs().max() <= 1e-6
