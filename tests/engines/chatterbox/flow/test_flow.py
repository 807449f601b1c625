"""The flow's mel spectrograms are upstream's, whatever is rendered beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.engines.chatterbox.flow.conftest import HALF, Pair, drawn
from worker.engines.chatterbox.arithmetic.precision import Precision
from worker.engines.chatterbox.flow import attention
from worker.engines.chatterbox.flow.flow import MOST_TOKENS, Flow, Piece
from worker.engines.chatterbox.member import MEMBERS
from worker.errors import EngineFailed, EngineUnavailable

ROUNDING = 2e-5
"""Of single precision, in another order of sums: of mels whose largest numbers are 4 to 7."""
BESIDE = 1e-5
"""Of products whose last bit depends on how many rows there are."""
HALF_ERROR = 0.02
"""Of bfloat16 against single precision: root mean square, relative to that of the mel."""


def test_a_mel_is_upstreams(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = pair.ours()
    for piece in (drawn(1, 8), drawn(7, 20, seed=1), drawn(25, 11, seed=2, more=1)):
        found = flow.mels([piece])[0]
        assert found.shape == (2 * len(piece.tokens) - len(piece.mel) % 2, 80)
        assert found.dtype == torch.float32
        assert off(found, pair.upstream(piece, monkeypatch)) < ROUNDING


def test_a_mel_so_long_that_heads_are_on_their_own_in_several_turns_is_upstreams(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "SCORES", 2**15)
    piece = drawn(110, 100, seed=3)
    assert attention.by_head(piece.start, 210)
    assert attention.block(210) < 210
    assert off(pair.ours().mels([piece])[0], pair.upstream(piece, monkeypatch)) < ROUNDING


@pytest.mark.parametrize("name", ["original", "multilingual", "turbo", "nano"])
def test_a_mel_of_a_member_at_full_size_is_upstreams(
    name: str, flows: Callable[..., Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = flows(meanflow=MEMBERS[name].meanflow, blocks=None)
    piece = drawn(2, 5, seed=len(name))
    assert off(pair.ours().mels([piece])[0], pair.upstream(piece, monkeypatch)) < ROUNDING


def test_of_tokens_only_looked_at_there_are_no_frames_and_the_others_are_upstreams(pair: Pair) -> None:
    piece = drawn(9, 10, seed=4, whole=False)
    found = pair.ours().mels([piece])[0]
    assert len(found) == 2 * 6
    assert off(found, pair.unfinished(piece)) < ROUNDING
    last = replace(piece, tokens=torch.cat([piece.tokens[:-1], (piece.tokens[-1:] + 1) % 6561]))
    assert off(found, pair.ours().mels([last])[0]) > 100 * ROUNDING


def test_noise_for_frames_that_are_not_solved_for_may_lack(pair: Pair) -> None:
    piece = drawn(5, 10, whole=False)
    flow = pair.ours()
    assert torch.equal(flow.mels([replace(piece, start=piece.start[:-6])])[0], flow.mels([piece])[0])


def test_a_mel_is_the_same_beside_others_of_other_lengths_and_voices(pair: Pair) -> None:
    pieces = [
        drawn(1, 12, seed=5),
        drawn(30, 20, seed=6, more=1),
        drawn(8, 9, seed=7, whole=False),
        drawn(60, 50, seed=8),
        drawn(1, 1, seed=9),
    ]
    flow = pair.ours()
    alone = [flow.mels([piece])[0] for piece in pieces]
    for order in ([0, 1, 2, 3, 4], [3, 4, 1, 0, 2]):
        found = flow.mels([pieces[index] for index in order])
        assert all(off(mine, alone[index]) < BESIDE for mine, index in zip(found, order, strict=True))


def test_a_mel_is_the_same_once_more(pair: Pair) -> None:
    flow, piece = pair.ours(), drawn(9, 10)
    assert torch.equal(flow.mels([piece])[0], flow.mels([piece])[0])


def test_what_is_given_is_left_as_it_was(pair: Pair) -> None:
    piece, same = drawn(9, 10), drawn(9, 10)
    pair.ours().mels([piece])
    for name in ("tokens", "prompt", "mel", "x_vector", "start"):
        assert torch.equal(getattr(piece, name), getattr(same, name))


def test_tokens_voice_and_noise_each_change_the_mel(pair: Pair) -> None:
    flow, piece, other = pair.ours(), drawn(9, 10), drawn(9, 10, seed=1)
    found = flow.mels([piece])[0]
    for name in ("tokens", "prompt", "mel", "x_vector", "start"):
        assert off(flow.mels([replace(piece, **{name: getattr(other, name)})])[0], found) > 100 * ROUNDING


@pytest.mark.parametrize(("count", "recorded"), [(12, 20), (120, 100)])
def test_in_half_precision_a_mel_is_that_of_single_up_to_its_rounding(pair: Pair, count: int, recorded: int) -> None:
    piece = drawn(count, recorded, seed=2)
    exact, rough = (flow.mels([piece])[0] for flow in (pair.ours(), pair.ours(HALF)))
    assert rough.dtype == torch.float32
    assert 0 < (rough - exact).square().mean().sqrt() < HALF_ERROR * exact.square().mean().sqrt()


def test_where_others_have_eight_bits_the_flow_has_what_is_balanced(pair: Pair) -> None:
    piece = drawn(4, 5)
    eight = pair.ours(Precision(name="fast", int8=True))
    assert eight._numbers.precision.int8 is False
    assert eight._numbers.precision.name == "balanced"
    assert torch.equal(eight.mels([piece])[0], pair.ours(eight._numbers.precision).mels([piece])[0])


def test_half_precision_halves_the_bytes_of_matrices(pair: Pair) -> None:
    parameters = sum(tensor.numel() for name, tensor in pair.module.named_parameters() if tensor.dim() > 1)
    single, half = pair.ours().weight_bytes, pair.ours(HALF).weight_bytes
    assert 0.7 < single / (4 * parameters) < 1
    assert 0.49 < half / single < 0.51


@pytest.mark.parametrize("blocks", [1, None])
@pytest.mark.parametrize("meanflow", [False, True])
def test_every_tensor_of_the_flow_is_taken(flows: Callable[..., Pair], *, meanflow: bool, blocks: int | None) -> None:
    tensors = flows(meanflow=meanflow, blocks=blocks).tensors()
    Flow(tensors.under("flow."), meanflow=meanflow)
    tensors.finish()


def test_a_file_of_the_other_kind_is_refused(flows: Callable[..., Pair]) -> None:
    with pytest.raises(EngineUnavailable, match=r"lacks .*time_embed_mixer"):
        replace(flows(meanflow=False), meanflow=True).ours()
    tensors = flows(meanflow=True).tensors()
    Flow(tensors.under("flow."), meanflow=False)
    with pytest.raises(EngineUnavailable, match=r"time_embed_mixer.*does not know"):
        tensors.finish()


@pytest.mark.parametrize(
    ("piece", "message"),
    [
        (drawn(MOST_TOKENS, 1), "over 2500, the most"),
        (drawn(3, 5, whole=False), "3 speech tokens are too few"),
        (drawn(0, 5), "0 speech tokens are too few"),
    ],
)
def test_what_cannot_be_rendered_is_refused(pair: Pair, piece: Piece, message: str) -> None:
    with pytest.raises(EngineFailed, match=message):
        pair.ours().mels([drawn(2, 3), piece])


def off(mine: Tensor, theirs: Tensor) -> float:
    assert mine.shape == theirs.shape
    return float((mine - theirs).abs().max())
