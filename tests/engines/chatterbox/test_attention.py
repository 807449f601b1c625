"""Attention at a step: what a row holds up to its position and nothing beyond, in whichever way the cache is read."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.decoder.attention import Masked
from worker.engines.chatterbox.decoder.cache import Cache
from worker.engines.chatterbox.decoder.varlen import Varlen, attention, works

HEADS = 3
POSITIONS = torch.tensor([[5], [130], [0], [64]])
ROUNDING = 1e-5
"""Of float32 sums in another order."""


def filled(dtype: torch.dtype = torch.float32) -> Cache:
    cache = Cache(layers=2, rows=6, length=200, heads=HEADS, device="cpu", dtype=dtype)
    cache.entries.normal_(generator=torch.Generator().manual_seed(1))
    return cache


def test_each_row_attends_to_what_it_holds_up_to_its_position_and_to_nothing_else() -> None:
    cache = filled()
    before = cache.entries.clone()
    qkv = torch.randn(4, 1, 3, HEADS, 64, generator=torch.Generator().manual_seed(2))
    masked = Masked(cache)
    found = masked.window(POSITIONS, masked.reach(131)).attend(1, qkv)
    for row, position in enumerate(POSITIONS[:, 0].tolist()):
        held = torch.cat([before[1, row, :position], qkv[row, :, 1:]])
        key, value = held.permute(1, 2, 0, 3)
        expected = functional.scaled_dot_product_attention(qkv[row, 0, 0][:, None], key, value)
        torch.testing.assert_close(found[row, 0], expected.flatten(), atol=ROUNDING, rtol=ROUNDING)
        assert torch.equal(cache.entries[1, row, position], qkv[row, 0, 1:])
    assert torch.equal(cache.entries[0], before[0])
    assert torch.equal(cache.entries[1, 4:], before[1, 4:])


def test_lengths_are_read_where_they_lie_without_a_copy_of_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kernel is given, taken apart as its documentation says, is attention over masks."""
    cache, masked = filled(), filled()
    qkv = torch.randn(4, 1, 3, HEADS, 64, generator=torch.Generator().manual_seed(2))

    def by_the_book(*given: Any, seqused_k: Tensor, num_splits: int) -> Tensor:
        query, key, value, queries, starts, longest, reach = given
        assert key.untyped_storage().data_ptr() == value.untyped_storage().data_ptr() == cache.entries.data_ptr()
        assert key.stride(-1) == query.stride(-1) == 1
        assert queries.dtype == starts.dtype == seqused_k.dtype == torch.int32
        assert (longest, reach) == (1, cache.length)
        mixed = []
        for row, used in enumerate(seqused_k.tolist()):
            first = starts[row]
            keys, values = (held[first : first + used].transpose(0, 1) for held in (key, value))
            asked = query[queries[row] : queries[row + 1]].transpose(0, 1)
            mixed.append(functional.scaled_dot_product_attention(asked, keys, values).transpose(0, 1))
        return torch.cat(mixed)

    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", by_the_book)
    found = Varlen(cache).window(POSITIONS, None).attend(1, qkv)
    expected = Masked(masked).window(POSITIONS, masked.length).attend(1, qkv)
    torch.testing.assert_close(found, expected, atol=ROUNDING, rtol=ROUNDING)
    assert torch.equal(cache.entries, masked.entries)


def test_a_processor_reads_by_masks() -> None:
    assert isinstance(attention(filled()), Masked)


def test_where_lengths_do_not_work_masks_are_used_and_the_log_says_why(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert not works(filled(torch.bfloat16))
    (record,) = caplog.records
    assert record.exc_info is not None


def test_lengths_that_go_wrong_in_silence_are_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", lambda query, *_, **__: torch.zeros_like(query))
    with caplog.at_level(logging.WARNING):
        assert not works(filled(torch.bfloat16))
    assert "wrong" in caplog.text
