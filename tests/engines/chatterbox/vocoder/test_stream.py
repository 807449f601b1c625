"""A stream says what the whole waveform is, however its frames are cut, as soon as no later frame can change it."""

from __future__ import annotations

import random

import pytest
import torch
from torch import Tensor

from tests.engines.chatterbox.vocoder.conftest import Drawn, drawn_mel
from worker.engines.chatterbox.vocoder.excitation import FRAME
from worker.engines.chatterbox.vocoder.stream import AHEAD_FRAMES
from worker.engines.chatterbox.vocoder.vocoder import Vocoder
from worker.errors import EngineFailed

FRAMES = 50
ROUNDING = 1e-5
"""Of samples up to 1: sums of single precision over other numbers of rows, which the spectra's exponentials magnify."""


@pytest.fixture(scope="module")
def whole(vocoder: Vocoder) -> Tensor:
    return vocoder.waveform(drawn_mel(FRAMES), Drawn(FRAMES))


def streamed(vocoder: Vocoder, sizes: list[int], *, ended: bool = True) -> Tensor:
    """Pushed in pieces of `sizes`; then the end, or nothing."""
    mel, stream = drawn_mel(FRAMES), vocoder.stream(Drawn(FRAMES))
    pieces = [stream.push(piece) for piece in mel[: sum(sizes)].split(sizes)]
    return torch.cat([*pieces, stream.push(mel[sum(sizes) :], last=True)] if ended else pieces)


@pytest.mark.parametrize("seed", range(4))
def test_any_cutting_gives_the_whole(seed: int, vocoder: Vocoder, whole: Tensor) -> None:
    chance, sizes = random.Random(seed), [0]
    while sum(sizes) < FRAMES:
        sizes.append(min(chance.choice([0, 1, 2, 3, 7, 20]), FRAMES - sum(sizes)))
    said = streamed(vocoder, sizes)
    assert said.shape == whole.shape
    assert (said - whole).abs().max() <= ROUNDING


@pytest.mark.parametrize(
    "sizes",
    [[FRAMES], [1] * FRAMES, [1], [FRAMES - 1], []],
    ids=["the end with nothing", "frames one by one", "first one", "last one", "all at once"],
)
def test_the_ends_may_come_in_any_way(sizes: list[int], vocoder: Vocoder, whole: Tensor) -> None:
    said = streamed(vocoder, sizes)
    assert said.shape == whole.shape
    assert (said - whole).abs().max() <= ROUNDING


@pytest.mark.parametrize("frames", [1, 2, AHEAD_FRAMES - 1])
def test_an_utterance_shorter_than_what_is_waited_for_comes_at_its_end(frames: int, vocoder: Vocoder) -> None:
    mel, stream = drawn_mel(frames), vocoder.stream(Drawn(frames))
    assert not len(stream.push(mel))
    said = stream.push(mel[:0], last=True)
    assert (said - vocoder.waveform(mel, Drawn(frames))).abs().max() <= ROUNDING


def test_no_frames_are_no_samples(vocoder: Vocoder) -> None:
    stream = vocoder.stream(Drawn(0))
    assert len(stream.push(torch.empty(0, 80))) == 0
    assert len(stream.push(torch.empty(0, 80), last=True)) == 0
    assert len(vocoder.waveform(torch.empty(0, 80), Drawn(0))) == 0


def test_a_frame_is_complete_that_many_frames_later(vocoder: Vocoder) -> None:
    said = streamed(vocoder, [30], ended=False)
    assert (30 - AHEAD_FRAMES) * FRAME <= len(said) < (31 - AHEAD_FRAMES) * FRAME


def test_a_sample_hears_as_many_frames_ahead_as_are_waited_for_and_no_more(vocoder: Vocoder, whole: Tensor) -> None:
    mel, at = drawn_mel(FRAMES), 30
    mel[at:] += torch.linspace(-3, 3, 80)
    changed = (vocoder.waveform(mel, Drawn(FRAMES)) - whole).abs() > 0
    first = int(changed.nonzero()[0])
    assert not changed[: (at - AHEAD_FRAMES) * FRAME].any()
    assert first < (at - AHEAD_FRAMES + 2) * FRAME
    assert changed[at * FRAME :].float().mean() > 0.8  # the others are at the limit in both


def test_what_is_said_is_never_changed_by_later_frames(vocoder: Vocoder) -> None:
    mel = drawn_mel(FRAMES)
    other = torch.cat([mel[:30], -mel[30:]])
    early, late = vocoder.stream(Drawn(FRAMES)), vocoder.stream(Drawn(FRAMES))
    assert early.push(mel[:30]).equal(late.push(other[:30]))
    assert not early.push(mel[30:], last=True).equal(late.push(other[30:], last=True))


def test_streams_side_by_side_say_what_each_says_alone(vocoder: Vocoder) -> None:
    mels = [drawn_mel(24, seed) for seed in range(3)]
    alone = [vocoder.stream(Drawn(24, seed)).push(mel, last=True) for seed, mel in enumerate(mels)]
    streams = [vocoder.stream(Drawn(24, seed)) for seed in range(3)]
    first = [stream.push(mel[:11]) for stream, mel in zip(streams, mels, strict=True)]
    rest = [stream.push(mel[11:], last=True) for stream, mel in zip(streams, mels, strict=True)]
    for one, said in zip(alone, map(torch.cat, zip(first, rest, strict=True)), strict=True):
        assert (said - one).abs().max() <= ROUNDING


def test_frames_behind_the_last_are_refused(vocoder: Vocoder) -> None:
    stream = vocoder.stream(Drawn(1))
    stream.push(drawn_mel(1), last=True)
    with pytest.raises(EngineFailed, match="start another stream"):
        stream.push(drawn_mel(1))
