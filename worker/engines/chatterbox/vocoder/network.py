"""The network: mel frames and the spectra of an excitation become the spectra of speech (`HiFTGenerator.decode`).

An activation x + sin²(αx)/α costs as much as a small convolution. Of y = αx it is (y + sin²y)/α: the division is in the
weights of the convolution behind it, and the multiplication in those of the convolution before it, where there is one.
What three blocks make is averaged by the weights behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.tensors import Tensors
from worker.engines.chatterbox.vocoder.convolution import Convolution
from worker.engines.chatterbox.vocoder.course import Course, Meeting, Queue
from worker.engines.chatterbox.vocoder.pitch import MELS
from worker.engines.chatterbox.vocoder.spectrum import BINS
from worker.engines.chatterbox.vocoder.weights import Filter

WIDTH = 512
"""Channels at first; each stage has half as many as the one before."""
EDGE_TAPS = 7
"""Of the first convolution and of the last."""
RATES, RATE_TAPS = (8, 5, 3), (16, 11, 7)
"""Rows that a stage makes of each, and the taps of the convolution by which it does."""
BLOCK_TAPS = (3, 7, 11)
SOURCE_TAPS = (7, 7, 11)
DILATIONS = (1, 3, 5)
LEAK, LAST_LEAK = 0.1, 0.01
LEAST_ALPHA = 1e-9
"""By which upstream keeps an activation from dividing by 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two convolutions, an activation before each; what they make is added to what they were given."""

    alpha: Tensor
    """Of the first activation: `[channels]`. What the second one hears is multiplied already."""
    first: Convolution
    second: Convolution


Block = Sequence[Pair]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Makes several rows of each, adds the excitation, and puts them through three blocks side by side."""

    channels: int
    up: Convolution
    """Makes a row several times as wide of each."""
    mirrored: bool
    """Whether a row, the second, is put before the first."""
    source_down: Convolution
    source: Block
    blocks: Sequence[Block]


class Network:
    """The weights; it keeps nothing of an utterance."""

    def __init__(self, tensors: Tensors, computed: torch.dtype) -> None:
        self.computed = computed
        self.first = Convolution.of(Filter.taken(tensors, "conv_pre", WIDTH, MELS, EDGE_TAPS), torch.float32)
        self.stages = [_stage(tensors, index, computed) for index in range(len(RATES))]
        last = Filter.taken(tensors, "conv_post", 2 * BINS, self.stages[-1].channels, EDGE_TAPS)
        self.last = Convolution.of(last.hearing(1 / len(BLOCK_TAPS)), torch.float32)

    def start(self) -> NetworkCourse:
        """For one utterance."""
        return NetworkCourse(self)


class NetworkCourse:
    """The network over one utterance."""

    def __init__(self, network: Network) -> None:
        self._computed = network.computed
        self._first = Course(network.first)
        self._stages = [_StageCourse(stage) for stage in network.stages]
        self._last = Course(network.last)

    def push(self, mel: Tensor, spectra: Tensor, *, last: bool) -> Tensor:
        """The spectra of speech that the next `mel` `[n, 80]` and `spectra` `[m, 18]` complete: float32 `[k, 18]`."""
        rows = self._first.push(mel, last=last)
        spectra = spectra.to(self._computed)
        for stage in self._stages:
            rows = stage.push(functional.leaky_relu_(rows, LEAK), spectra, last=last)
        return self._last.push(functional.leaky_relu_(rows, LAST_LEAK), last=last)


class _StageCourse:
    def __init__(self, stage: Stage) -> None:
        self._channels = stage.channels
        self._up = Course(stage.up)
        self._mirror = _Mirror() if stage.mirrored else None
        self._source_down = Course(stage.source_down)
        self._source = _BlockCourse(stage.source)
        self._excited = Meeting(2)
        self._blocks = [_BlockCourse(block) for block in stage.blocks]
        self._heard = Meeting(len(stage.blocks))

    def push(self, rows: Tensor, spectra: Tensor, *, last: bool) -> Tensor:
        """The sum of the blocks, `[k, channels]`."""
        rows = self._up.push(rows, last=last).view(-1, self._channels)
        if self._mirror is not None:
            rows = self._mirror.push(rows)
        source = self._source.push(self._source_down.push(spectra, last=last), last=last)
        excited = torch.add(*self._excited.push(rows, source))
        first, second, third = self._heard.push(*(block.push(excited, last=last) for block in self._blocks))
        return torch.add(first, second).add_(third)


class _BlockCourse:
    def __init__(self, block: Block) -> None:
        self._pairs = [_PairCourse(pair) for pair in block]

    def push(self, rows: Tensor, *, last: bool) -> Tensor:
        for pair in self._pairs:
            rows = pair.push(rows, last=last)
        return rows


class _PairCourse:
    def __init__(self, pair: Pair) -> None:
        self._alpha = pair.alpha
        self._first, self._second = Course(pair.first), Course(pair.second)
        self._waiting = Queue()

    def push(self, rows: Tensor, *, last: bool) -> Tensor:
        inner = self._first.push(_snake(rows * self._alpha), last=last)
        waiting = self._waiting.join(rows)
        made = self._second.push(_snake(inner), last=last, onto=waiting)
        self._waiting.keep(waiting, len(made))
        return made


class _Mirror:
    """Puts the second row before the first (`ReflectionPad1d`)."""

    def __init__(self) -> None:
        self._waiting: Queue | None = Queue()

    def push(self, rows: Tensor) -> Tensor:
        if self._waiting is None:
            return rows
        rows = self._waiting.join(rows)
        if len(rows) < 2:  # noqa: PLR2004 - the second row is what is waited for
            self._waiting.keep(rows, 0)
            return rows[:0]
        self._waiting = None
        return torch.cat([rows[1:2], rows])


def _snake(multiplied: Tensor) -> Tensor:
    """The activation of y, y + sin²y, in place of it (https://arxiv.org/abs/2006.08195)."""
    sine = multiplied.sin()
    return multiplied.addcmul_(sine, sine)


def _stage(tensors: Tensors, index: int, computed: torch.dtype) -> Stage:
    inputs, channels = WIDTH >> index, WIDTH >> (index + 1)
    up = Filter.widening(tensors, f"ups.{index}", inputs, channels, RATE_TAPS[index], rate=RATES[index])
    return Stage(
        channels=channels,
        up=Convolution.of(up.hearing(1 / len(BLOCK_TAPS)) if index else up, computed),
        mirrored=index == len(RATES) - 1,
        source_down=_source_down(tensors, index, computed),
        source=_block(tensors, f"source_resblocks.{index}", channels, SOURCE_TAPS[index], computed),
        blocks=[
            _block(tensors, f"resblocks.{len(BLOCK_TAPS) * index + place}", channels, taps, computed)
            for place, taps in enumerate(BLOCK_TAPS)
        ],
    )


def _source_down(tensors: Tensors, index: int, computed: torch.dtype) -> Convolution:
    """From the excitation's spectra to as many rows as a stage has."""
    rate = 1
    for later in RATES[index + 1 :]:
        rate *= later
    taps = 1 if rate == 1 else 2 * rate
    weights = Filter.taken(tensors, f"source_downs.{index}", WIDTH >> (index + 1), 2 * BINS, taps)
    return Convolution.of(weights, computed, stride=rate, padding=rate // 2)


def _block(tensors: Tensors, stem: str, channels: int, taps: int, computed: torch.dtype) -> Block:
    def alpha(name: str) -> Tensor:
        """As it is computed with, so that what is multiplied by it is divided by the same."""
        kept = tensors.take(f"{stem}.{name}.alpha", channels).to(computed).float()
        return torch.where(kept.abs() < LEAST_ALPHA, LEAST_ALPHA, kept)

    def pair(index: int, dilation: int) -> Pair:
        before, between = alpha(f"activations1.{index}"), alpha(f"activations2.{index}")
        first, second = (
            Filter.taken(tensors, f"{stem}.{name}.{index}", channels, channels, taps) for name in ("convs1", "convs2")
        )
        return Pair(
            alpha=before.to(computed),
            first=Convolution.of(first.hearing(1 / before).saying(between), computed, dilation=dilation),
            second=Convolution.of(second.hearing(1 / between), computed),
        )

    return [pair(index, dilation) for index, dilation in enumerate(DILATIONS)]
