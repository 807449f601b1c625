"""The reduced precisions on a processor: how far their logits are from the reference's, and how small they are."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from builder.random_checkpoint import write_t3
from tests.engines.chatterbox.conftest import SMALL
from tests.engines.chatterbox.job import GUIDED, UNGUIDED, Job
from worker.engines.chatterbox.arithmetic.precision import Precision, precision_of
from worker.engines.chatterbox.arithmetic.projection import projection
from worker.engines.chatterbox.checkpoint import Weights, t3_weights
from worker.engines.chatterbox.decoder.decoder import Decoder
from worker.engines.chatterbox.decoder.prefill import Prefill
from worker.engines.chatterbox.decoder.trunk import Trunk, gpt2, llama
from worker.engines.chatterbox.member import HEAD_SIZE, START_SPEECH, Member

CPU = torch.device("cpu")
INPUTS = 64
ERRORS = {
    "original": {"balanced": 0.006, "fast": 0.015},
    "turbo": {"balanced": 0.015, "fast": 0.02},
}
"""Of the logits of all positions, relative to their root mean square, of a few layers: a little more than measured.

Layers add to it, those of random weights in the GPT-2 members most: attention there hangs on small differences.
"""
SHARES = {"balanced": 0.51, "fast": 0.40}
"""Of the reference's bytes: two for each weight; or one, two for the quarter or third that attention has."""


@pytest.fixture(scope="module", params=list(ERRORS))
def member(request: pytest.FixtureRequest) -> Member:
    return SMALL[request.param]


@pytest.fixture(scope="module")
def weights(member: Member, tmp_path_factory: pytest.TempPathFactory) -> Weights:
    folder = tmp_path_factory.mktemp("checkpoint")
    write_t3(member, folder, seed=1)
    return t3_weights(member, folder)


def trunk(weights: Weights, member: Member, precision: Precision) -> Trunk:
    return llama(weights, INPUTS, precision) if member.guided else gpt2(weights, precision)


@torch.inference_mode()
def logits(weights: Weights, member: Member, name: str) -> Tensor:
    """Of sounds, at every position of the same random inputs."""
    precision = precision_of(name, CPU)
    head = projection(weights["speech_head.weight"].t(), weights.get("speech_head.bias"), precision)
    inputs = torch.randn(1, INPUTS, member.hidden, generator=torch.Generator().manual_seed(1))
    nothing = torch.empty(member.layers, 0, 2, member.hidden // HEAD_SIZE, HEAD_SIZE)
    return head(trunk(weights, member, precision)(inputs, Prefill([nothing], [INPUTS]))[0])[:, :START_SPEECH]


@pytest.mark.parametrize("name", ["balanced", "fast"])
def test_logits_are_within_the_named_error_of_the_reference(weights: Weights, member: Member, name: str) -> None:
    exact, ours = logits(weights, member, "reference"), logits(weights, member, name)
    assert ours.dtype == torch.float32
    error = float((ours - exact).norm() / exact.norm())
    assert 0 < error < ERRORS[member.name][name]


@pytest.mark.parametrize("name", ["balanced", "fast"])
def test_a_trunk_reads_a_share_of_the_references_bytes(weights: Weights, member: Member, name: str) -> None:
    reference, reduced = (trunk(weights, member, precision_of(each, CPU)).weight_bytes for each in ("reference", name))
    assert reduced <= SHARES[name] * reference


@pytest.mark.parametrize("name", ["balanced", "fast"])
def test_a_decoder_says_the_same_alone_and_beside_others(weights: Weights, member: Member, name: str) -> None:
    def decoder() -> Decoder:
        return Decoder(weights, member, rows=6, length=500, precision=precision_of(name, CPU))

    sampling = (GUIDED if member.guided else UNGUIDED)[0]
    jobs = [Job.drawn(member, seed, sampling, words=6 + seed, token_limit=10) for seed in range(3)]
    together = decoder()
    slots = [job.admitted(together) for job in jobs]
    while any(slot.end is None for slot in slots):
        together.step()
    assert [slot.tokens for slot in slots] == [job.alone(decoder()) for job in jobs]
