"""Prefill: what is reused is what upstream's trunk holds, and what is reused is not computed again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from tests.engines.chatterbox.conftest import Pair
from tests.engines.chatterbox.job import Job, jobs_for
from worker.engines.chatterbox.decoder.decoder import WORDLESS_STEP, Decoder
from worker.engines.chatterbox.decoder.sampling import Sampling
from worker.engines.chatterbox.member import HEAD_SIZE
from worker.errors import EngineFailed

ROUNDING = 2e-5
"""Of float32 sums over other shapes, relative and absolute."""
SHARE = 0.55
"""Of two rows: one and its last input."""
LONGER = 150
"""Inputs, of a text of three times the length of the test's."""
GUIDED = ["original", "multilingual"]


def test_what_rows_hold_is_what_upstreams_trunk_holds(pair: Pair) -> None:
    for job in jobs_for(pair.member):
        theirs = upstreams(pair, job)
        ours = held(pair.decoder(rows=2), job)
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(mine, other, atol=ROUNDING, rtol=ROUNDING)


@pytest.mark.parametrize("name", GUIDED)
def test_a_longer_row_without_words_serves_a_shorter_text(name: str, pairs: Callable[[str], Pair]) -> None:
    pair = pairs(name)
    job, decoder = jobs_for(pair.member)[0], pair.decoder()
    opening = decoder.opening(job.voice)
    prompt = replace(job.prompt(decoder, opening), wordless=decoder.wordless(opening, job.exaggeration, LONGER))
    slot = decoder.admit(prompt, job.sampling, seed=job.seed, token_limit=job.token_limit)
    while slot.end is None:
        decoder.step()
    assert slot.tokens == pair.upstream(job)


def test_a_row_without_words_grows_by_what_it_lacks_and_is_to_the_bit_what_it_is_at_once(
    pairs: Callable[[str], Pair],
) -> None:
    pair = pairs("original")
    job, decoder = jobs_for(pair.member)[0], pair.decoder()
    opening = decoder.opening(job.voice)
    short = decoder.wordless(opening, job.exaggeration, 1)
    with counting() as grown:
        long = decoder.wordless(opening, job.exaggeration, 2 * WORDLESS_STEP + 1, short)
    with counting() as whole:
        at_once = decoder.wordless(opening, job.exaggeration, 2 * WORDLESS_STEP + 1)
    assert (short.shape[1], long.shape[1]) == (WORDLESS_STEP, 3 * WORDLESS_STEP)
    assert torch.equal(long, at_once)
    assert 3 * grown.get_total_flops() == 2 * whole.get_total_flops() > 0


def test_a_row_without_words_ends_where_the_batchs_rows_end(pairs: Callable[[str], Pair]) -> None:
    pair = pairs("original")
    job, decoder = jobs_for(pair.member)[0], pair.decoder()
    opening = decoder.opening(job.voice)
    room = 600 - opening.shape[1]
    assert decoder.wordless(opening, job.exaggeration, room - 1).shape[1] == room
    with pytest.raises(EngineFailed, match="longer than a row"):
        decoder.wordless(opening, job.exaggeration, room + 1)


@pytest.mark.parametrize("name", GUIDED)
def test_admitting_a_guided_text_costs_little_more_than_one_of_its_rows(
    name: str, pairs: Callable[[str], Pair]
) -> None:
    job, decoder = jobs_for(pairs(name).member)[2], pairs(name).decoder()
    unguided = replace(job, sampling=replace(job.sampling, cfg_weight=0.0))
    assert 0 < flops(decoder, job) <= SHARE * 2 * flops(decoder, unguided)


def test_admitting_a_text_costs_nothing_of_its_voice(pair: Pair) -> None:
    decoder = pair.decoder()
    short, *_, long = (replace(job, sampling=Sampling()) for job in jobs_for(pair.member))
    texts = [len(job.prompt(decoder).text) for job in (short, long)]
    assert flops(decoder, short) * texts[1] == flops(decoder, long) * texts[0] > 0


def counting() -> FlopCounterMode:
    """Counts what products cost, those of oneDNN too."""
    return FlopCounterMode(display=False, custom_mapping={torch.ops.mkldnn._linear_pointwise: of_product})


def of_product(given: torch.Size, *_: object, out_shape: torch.Size, **__: object) -> int:
    return 2 * given.numel() * out_shape[-1]


def flops(decoder: Decoder, job: Job) -> int:
    """Of admitting it, when what its voice has in common is known."""
    prompt = job.prompt(decoder)
    with counting() as count:
        decoder.admit(prompt, job.sampling, seed=job.seed, token_limit=job.token_limit)
    return int(count.get_total_flops())


def held(decoder: Decoder, job: Job) -> list[Tensor]:
    """Of each row, in every layer, keys and values: `[layer, position, key|value, head, 64]`."""
    stretches = job.prompt(decoder).stretches()
    added = decoder._filled(stretches)
    return [torch.cat([before, more], dim=1) for (before, _), more in zip(stretches, added, strict=True)]


@torch.inference_mode()
def upstreams(pair: Pair, job: Job) -> list[Tensor]:
    """The same of upstream's trunk, its keys in our order: what turns together stands together."""
    inputs = job.prepared(pair.t3)
    if not pair.member.guided:
        inputs = inputs[:, :-1]
    layers = pair.t3.tfmr(inputs_embeds=inputs, use_cache=True).past_key_values.layers
    keys = torch.stack([layer.keys for layer in layers])
    values = torch.stack([layer.values for layer in layers])
    if pair.member.guided:
        keys = keys.unflatten(-1, (2, HEAD_SIZE // 2)).transpose(-1, -2).flatten(-2)
    return list(torch.stack([keys, values]).permute(2, 1, 4, 0, 3, 5))
