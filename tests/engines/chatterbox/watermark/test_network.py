"""The network gives upstream's numbers."""

from __future__ import annotations

import perth
import torch

from worker.engines.chatterbox.watermark.network import BANDS, CONTEXT, Network
from worker.engines.chatterbox.watermark.weights import encoder_weights

CPU = torch.device("cpu")


def levels(frames: int) -> torch.Tensor:
    return torch.rand(frames, BANDS, generator=torch.Generator().manual_seed(frames))


@torch.inference_mode()
def test_its_changes_are_those_of_upstreams_encoder(upstream: perth.PerthImplicitWatermarker) -> None:
    network = Network.of(encoder_weights(), CPU)
    for frames in (1, 2, 7, 100):
        theirs = upstream.perth_net.encoder.layers(levels(frames).t()[None])[0].t()
        torch.testing.assert_close(network(levels(frames)), theirs, rtol=0, atol=1e-6)


@torch.inference_mode()
def test_a_frame_depends_on_those_of_its_context_and_on_no_others() -> None:
    network = Network.of(encoder_weights(), CPU)
    given = levels(100)
    changed = given.clone()
    changed[50] += 0.5
    moved = (network(changed) - network(given)).abs().amax(1) > 1e-7
    assert moved.nonzero().flatten().tolist() == list(range(50 - CONTEXT, 50 + CONTEXT + 1))
