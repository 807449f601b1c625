"""The speech tokens of a recording are upstream's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.engines.chatterbox.hearing.conftest import Ears, heard

Saying = Callable[[int, float, float], Tensor]


def upstreams(ears: Ears, wave: Tensor) -> list[int]:
    tokens, lengths = ears.s3gen.tokenizer(wave[None])
    assert lengths.tolist() == [tokens.shape[1]]
    said: list[int] = tokens[0].tolist()
    return said


@pytest.mark.parametrize("start_sec", [0.0, 7.5, 18.0])
def test_several_waves_in_one_run_have_upstreams_tokens(start_sec: float, ears: Ears, saying: Saying) -> None:
    waves = [saying(16_000, start_sec, seconds) for seconds in (6.0, 10.0, 0.04, 2.013, 1.999)]
    tokens = ears.hearing.tokens(*waves)
    assert [each.tolist() for each in tokens] == [upstreams(ears, wave) for wave in waves]
    assert [len(each) for each in tokens] == [150, 250, 1, 51, 50]
    assert {each.dtype for each in tokens} == {torch.int64}
    assert len(set(tokens[1].tolist())) > 100, "they say something"


def test_they_are_those_of_a_padded_batch_upstream(ears: Ears, saying: Saying) -> None:
    waves = [saying(16_000, 1.0, 3.0), saying(16_000, 20.0, 4.7)]
    batch, lengths = ears.s3gen.tokenizer(waves)
    expected = [row[:length].tolist() for row, length in zip(batch, lengths.tolist(), strict=True)]
    assert [each.tolist() for each in ears.hearing.tokens(*waves)] == expected


@pytest.mark.parametrize("seconds", [30.0, 30.01, 54.0])
def test_more_than_half_a_minute_is_heard_in_stretches_as_upstream_hears_them(
    seconds: float, ears: Ears, saying: Saying
) -> None:
    wave = saying(16_000, 0.0, 30.0).repeat(2)[: round(seconds * 16_000)]
    assert ears.hearing.tokens(wave)[0].tolist() == upstreams(ears, wave)


def test_stretches_beyond_what_is_heard_at_once_are_too(
    ears: Ears, saying: Saying, monkeypatch: pytest.MonkeyPatch
) -> None:
    waves = [saying(16_000, 0.0, 31.0), saying(16_000, 2.0, 1.0)]
    alone = ears.hearing.tokens(*waves)
    monkeypatch.setattr("worker.engines.chatterbox.hearing.speech_tokenizer.MOST_AT_ONCE", 1)
    assert all(map(torch.equal, ears.hearing.tokens(*waves), alone))


@pytest.mark.parametrize("name", ["tokenizer._mel_filters", "tokenizer.window"])
def test_what_a_file_may_lack_is_computed_and_otherwise_the_files(name: str, ears: Ears, saying: Saying) -> None:
    wave = saying(16_000, 3.0, 2.0)
    expected = ears.hearing.tokens(wave)[0]
    without = {each: tensor for each, tensor in ears.speech.items() if each != name}
    assert torch.equal(heard(without, ears.speaker).tokens(wave)[0], expected)
    silenced = {**ears.speech, name: torch.zeros_like(ears.speech[name])}
    assert not torch.equal(heard(silenced, ears.speaker).tokens(wave)[0], expected)
