"""The encoder: what speech tokens say, in mel frames (`UpsampleConformerEncoder` of chatterbox-tts)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.arithmetic.precision import as_type
from worker.engines.chatterbox.arithmetic.projection import Projection, projection
from worker.engines.chatterbox.flow.frames import AHEAD, Frames
from worker.engines.chatterbox.flow.layers import Convolution, Norm, Weighty, convolution, linear, norm, onto
from worker.engines.chatterbox.flow.numbers import Numbers
from worker.engines.chatterbox.flow.relative import RelativeAttention, distances, relative_attention, within
from worker.engines.chatterbox.tensors import Tensors

WIDTH = 512
UNIT_WIDTH = 2048
BANDS = 80
"""Mel bands of a frame."""
FRAMES_PER_TOKEN = 2
LAYER_EPSILON = 1e-12
"""Of the norms within a layer (`ConformerEncoderLayer`)."""
SCALE = math.sqrt(WIDTH)
"""Of what layers are given (`EspnetRelPositionalEncoding`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer."""

    before_attention: Norm
    attention: RelativeAttention
    before_unit: Norm
    up: Projection
    down: Projection

    @property
    def weight_bytes(self) -> int:
        """Of its matrices."""
        return self.attention.weight_bytes + self.up.weight_bytes + self.down.weight_bytes

    def __call__(self, hidden: Tensor, table: Tensor, frames: Frames) -> Tensor:
        """`hidden` `[rows, 512]` with what the layer adds."""
        inside = table.dtype
        mixed = self.attention.mixed(as_type(self.before_attention(hidden), inside), table, frames)
        hidden = onto(hidden, self.attention.out, mixed)
        return onto(
            hidden, self.down, functional.silu(self.up(as_type(self.before_unit(hidden), inside)), inplace=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What stands before a stack of layers."""

    projection: Projection
    norm: Norm

    def __call__(self, given: Tensor) -> Tensor:
        """`given` `[rows, 512]` as layers take it."""
        return self.norm(self.projection(given))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoder:
    """Tokens in, two frames for each out."""

    words: Tensor
    """What each token stands for: `[6561, 512]`."""
    entry: Entry
    ahead: Convolution
    behind: Convolution
    layers: Sequence[Layer]
    doubled: Convolution
    """Makes two frames of a token and the two before it."""
    second_entry: Entry
    second_layers: Sequence[Layer]
    norm: Norm
    out: Projection
    table: Tensor
    """`distances` of as many frames as a clip may have."""
    numbers: Numbers

    @property
    def weight_bytes(self) -> int:
        """Of all its matrices."""
        entries = (self.entry.projection, self.second_entry.projection)
        around = (self.ahead, self.behind, self.doubled, self.out)
        parts: tuple[Weighty, ...] = (*entries, *around, *self.layers, *self.second_layers)
        return self.words.nbytes + sum(part.weight_bytes for part in parts)

    def __call__(self, tokens: Tensor, lengths: Sequence[int]) -> Tensor:
        """What `tokens`, int64 `[n]`, of clips of such `lengths` say: `[2 · n, 80]`."""
        inside, longest = self.numbers.inside, max(lengths)
        words = self.words.index_select(0, tokens)
        frames = Frames.of(lengths, words)
        hidden = self._aware_of_neighbours(self.entry(words), frames)
        table = within(self.table, longest)
        for layer in self.layers:
            hidden = layer(hidden, table, frames)
        doubled = self.doubled(as_type(hidden, inside), frames).view(-1, WIDTH)
        hidden = as_type(self.second_entry(doubled), self.numbers.stream)
        frames = Frames.of([FRAMES_PER_TOKEN * length for length in lengths], words)
        table = within(self.table, FRAMES_PER_TOKEN * longest)
        for layer in self.second_layers:
            hidden = layer(hidden, table, frames)
        return self.out(as_type(self.norm(hidden), inside))

    def _aware_of_neighbours(self, entered: Tensor, frames: Frames) -> Tensor:
        """`entered` with what it sees three tokens ahead and, of that, two back."""
        seen = self.ahead(entered, Frames.of(frames.lengths, entered, AHEAD))
        return onto(
            as_type(entered, self.numbers.stream), self.behind.taps, frames.neighbours(functional.leaky_relu(seen))
        )


def encoder(tensors: Tensors, numbers: Numbers, most_tokens: int) -> Encoder:
    """The one of the flow whose tensors these are, for clips of up to so many tokens."""
    words = tensors.take("input_embedding.weight", -1, WIDTH)
    out = linear(tensors, "encoder_proj", WIDTH, BANDS, numbers)
    tensors = tensors.under("encoder.")
    table = distances(FRAMES_PER_TOKEN * most_tokens, WIDTH, words.device)
    return Encoder(
        words=words.to(numbers.inside),
        entry=_entry(tensors.under("embed.out."), numbers),
        ahead=convolution(tensors, "pre_lookahead_layer.conv1", (WIDTH, WIDTH, 4), numbers),
        behind=convolution(tensors, "pre_lookahead_layer.conv2", (WIDTH, WIDTH, 3), numbers),
        layers=_layers(tensors, "encoders.", numbers),
        doubled=_doubled(tensors.under("up_layer.conv."), numbers),
        second_entry=_entry(tensors.under("up_embed.out."), numbers),
        second_layers=_layers(tensors, "up_encoders.", numbers),
        norm=norm(tensors, "after_norm", WIDTH, numbers),
        out=out,
        table=table.to(numbers.inside),
        numbers=numbers,
    )


def _entry(tensors: Tensors, numbers: Numbers) -> Entry:
    return Entry(
        projection=linear(tensors, "0", WIDTH, WIDTH, numbers), norm=norm(tensors, "1", WIDTH, numbers, scale=SCALE)
    )


def _doubled(tensors: Tensors, numbers: Numbers) -> Convolution:
    """Five taps over frames doubled, as three over what was: of the five, two or three always see the same."""
    taps = tensors.take("weight", WIDTH, WIDTH, 5).unbind(-1)
    even = torch.stack([taps[0] + taps[1], taps[2] + taps[3], taps[4]], dim=-1)
    odd = torch.stack([taps[0], taps[1] + taps[2], taps[3] + taps[4]], dim=-1)
    bias = tensors.take("bias", WIDTH).repeat(FRAMES_PER_TOKEN)
    weight = torch.cat([even, odd]).permute(2, 1, 0).reshape(-1, FRAMES_PER_TOKEN * WIDTH)
    return Convolution(taps=projection(weight, bias, numbers.precision))


def _layers(tensors: Tensors, stem: str, numbers: Numbers) -> list[Layer]:
    return [_layer(tensors.under(f"{stem}{index}."), numbers) for index in range(tensors.layers(stem))]


def _layer(tensors: Tensors, numbers: Numbers) -> Layer:
    return Layer(
        before_attention=norm(tensors, "norm_mha", WIDTH, numbers, epsilon=LAYER_EPSILON),
        attention=relative_attention(tensors.under("self_attn."), WIDTH, numbers),
        before_unit=norm(tensors, "norm_ff", WIDTH, numbers, epsilon=LAYER_EPSILON),
        up=linear(tensors, "feed_forward.w_1", WIDTH, UNIT_WIDTH, numbers),
        down=linear(tensors, "feed_forward.w_2", UNIT_WIDTH, WIDTH, numbers),
    )
