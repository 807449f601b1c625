"""The vocoder says what upstream's says of the same weights, frames and chance."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from tests.engines.chatterbox.vocoder.conftest import Checkpoint, Drawn, drawn_mel
from worker.engines.chatterbox.arithmetic.precision import Precision, precision_of
from worker.engines.chatterbox.vocoder.vocoder import TILE, Vocoder
from worker.errors import EngineUnavailable

UPSTREAM = 3e-4
"""Largest difference from upstream in a second of samples up to 1: its pitch and its phases are rounded."""
HALF_WAVEFORM, HALF_SPECTRUM_DB = 0.03, 0.5
"""With a network in bfloat16: what is wrong relative to the root mean square; and of a spectrum's bins in decibels."""


def relative(wrong: Tensor, right: Tensor) -> float:
    return float((wrong - right).norm() / right.norm())


def spectrum_db(waveform: Tensor) -> Tensor:
    """Of what is within 60 dB of the loudest."""
    window = torch.hann_window(1024)
    power = torch.stft(waveform, 1024, 256, window=window, return_complex=True).abs().square()
    return 10 * (power + 1e-6 * power.max()).log10()


@pytest.mark.parametrize("frames", [1, 2, 9, 50])
def test_a_clip_is_upstreams(frames: int, checkpoint: Checkpoint, vocoder: Vocoder) -> None:
    mel = drawn_mel(frames)
    ours, theirs = vocoder.waveform(mel, Drawn(frames)), checkpoint.upstream(mel)
    assert ours.shape == theirs.shape == (480 * frames,)
    assert ours.dtype == torch.float32
    assert theirs.std() > 0.05
    assert (ours - theirs).abs().max() <= UPSTREAM


def test_a_clip_of_several_tiles_is_upstreams(checkpoint: Checkpoint, vocoder: Vocoder) -> None:
    frames = TILE + 3
    mel = drawn_mel(frames)
    assert (vocoder.waveform(mel, Drawn(frames)) - checkpoint.upstream(mel)).abs().max() <= UPSTREAM


def test_an_activation_that_does_nothing_is_upstreams(checkpoint: Checkpoint) -> None:
    name = "resblocks.0.activations1.0.alpha"
    alpha = checkpoint.weights[name].clone()
    alpha[:100] = 0.0
    mel = drawn_mel(5)
    ours = checkpoint.vocoder(**{name: alpha}).waveform(mel, Drawn(5))
    checkpoint.module.load_state_dict({**checkpoint.weights, name: alpha})
    theirs = checkpoint.upstream(mel)
    checkpoint.module.load_state_dict(checkpoint.weights)
    assert (ours - theirs).abs().max() <= UPSTREAM


@pytest.mark.parametrize("name", ["balanced", "fast"])
def test_a_reduced_precision_is_within_its_error(name: str, checkpoint: Checkpoint, vocoder: Vocoder) -> None:
    mel = drawn_mel(TILE + 1)
    exact = vocoder.waveform(mel, Drawn(TILE + 1))
    reduced = checkpoint.vocoder(precision_of(name, torch.device("cpu"))).waveform(mel, Drawn(TILE + 1))
    assert relative(reduced, exact) <= HALF_WAVEFORM
    assert (spectrum_db(reduced) - spectrum_db(exact)).square().mean().sqrt() <= HALF_SPECTRUM_DB


def test_half_precision_changes_the_network_but_not_the_pitch(checkpoint: Checkpoint, vocoder: Vocoder) -> None:
    mel = drawn_mel(3)
    half = checkpoint.vocoder(Precision(name="balanced", weights=torch.bfloat16))
    assert half.pitch.start().push(mel, last=True).equal(vocoder.pitch.start().push(mel, last=True))
    assert half.network.computed == torch.bfloat16
    assert not half.waveform(mel, Drawn(3)).equal(vocoder.waveform(mel, Drawn(3)))


def test_threads_say_what_each_says_alone(vocoder: Vocoder) -> None:
    def said(seed: int) -> Tensor:
        return vocoder.waveform(drawn_mel(8, seed), Drawn(8, seed))

    alone = [said(seed) for seed in range(6)]
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(said, range(6)))
    assert all(one.equal(other) for one, other in zip(alone, together, strict=True))


@pytest.mark.parametrize("name", ["conv_pre.bias", "resblocks.4.activations2.1.alpha", "f0_predictor.classifier.bias"])
def test_a_tensor_of_another_shape_is_named(name: str, checkpoint: Checkpoint) -> None:
    with pytest.raises(EngineUnavailable, match=rf"s3gen\.safetensors has mel2wav\.{name} \[7\]"):
        checkpoint.vocoder(**{name: torch.zeros(7)})
