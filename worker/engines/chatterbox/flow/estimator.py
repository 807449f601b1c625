"""The estimator: which way a mel spectrogram has to go (`ConditionalDecoder` of chatterbox-tts)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.arithmetic.precision import as_type
from worker.engines.chatterbox.arithmetic.projection import Projection, projection
from worker.engines.chatterbox.flow.attention import attended
from worker.engines.chatterbox.flow.encoder import BANDS
from worker.engines.chatterbox.flow.frames import Frames
from worker.engines.chatterbox.flow.layers import Convolution, Norm, Weighty, convolution, linear, norm, onto, unfolded
from worker.engines.chatterbox.flow.numbers import Numbers
from worker.engines.chatterbox.flow.times import WIDTH as TIME_WIDTH
from worker.engines.chatterbox.flow.times import Step
from worker.engines.chatterbox.flow.varlen import attended_by_lengths
from worker.engines.chatterbox.member import HEAD_SIZE
from worker.engines.chatterbox.tensors import Tensors

WIDTH = 256
HEADS = 8
UNIT_WIDTH = 1024
TAPS = 3
CONDITION = 3 * BANDS
"""What is said, who says it, and the recording's mel, behind the state among the inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A transformer's."""

    before_attention: Norm
    qkv: Projection
    """Queries are scaled."""
    mixed: Callable[[Tensor, Frames], Tensor]
    """What attention makes of those."""
    out: Projection
    before_unit: Norm
    up: Projection
    down: Projection

    @property
    def weight_bytes(self) -> int:
        """Of its matrices."""
        return sum(part.weight_bytes for part in (self.qkv, self.out, self.up, self.down))

    def __call__(self, hidden: Tensor, frames: Frames, inside: torch.dtype) -> Tensor:
        """`hidden` `[rows, 256]` with what the block adds."""
        mixed = self.mixed(self.qkv(as_type(self.before_attention(hidden), inside)), frames)
        hidden = onto(hidden, self.out, mixed)
        unit: Tensor = torch.ops.aten.gelu_(self.up(as_type(self.before_unit(hidden), inside)))
        return onto(hidden, self.down, unit)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tail:
    """A resnet behind its first convolution, and the blocks behind the resnet."""

    first_norm: Norm
    moments: Tensor
    """What each step adds: `[steps, 256]`."""
    second: Convolution
    second_norm: Norm
    blocks: Sequence[Block]

    @property
    def weight_bytes(self) -> int:
        """Of its matrices."""
        return self.second.weight_bytes + sum(block.weight_bytes for block in self.blocks)

    def changed(self, convolved: Tensor, frames: Frames, step: int) -> Tensor:
        """What the resnet adds to what it was given."""
        hidden = functional.mish(self.first_norm(convolved), inplace=True).add_(self.moments[step])
        return functional.mish(self.second_norm(self.second(hidden, frames)), inplace=True)

    def attended(self, hidden: Tensor, frames: Frames, inside: torch.dtype) -> Tensor:
        """`hidden` through the blocks."""
        for block in self.blocks:
            hidden = block(hidden, frames, inside)
        return hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A resnet and its blocks."""

    first: Convolution
    kept: Projection
    """Of what the resnet was given, what it adds to."""
    tail: Tail

    @property
    def weight_bytes(self) -> int:
        """Of its matrices."""
        return self.first.weight_bytes + self.kept.weight_bytes + self.tail.weight_bytes

    def __call__(self, given: Tensor, frames: Frames, step: int, numbers: Numbers) -> Tensor:
        """`given` `[rows, channels]` through the stage: `[rows, 256]`."""
        changed = self.tail.changed(self.first(given, frames), frames, step)
        return self.tail.attended(onto(as_type(changed, numbers.stream), self.kept, given), frames, numbers.inside)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Condition:
    """What a whole solution has in common, through the first stage's matrices."""

    convolved: Tensor
    """`[copies, frames, 256]`."""
    kept: Tensor
    """The same."""
    frames: Frames
    """In all copies."""
    alone: Frames
    """In one, as the state is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """The first stage; the state that changes and the condition that does not have matrices of their own in it."""

    state: Projection
    state_kept: Projection
    condition: Projection
    condition_kept: Projection
    nothing: Tensor
    """What the condition's two make of zeros: `[2, 256]`."""
    tail: Tail

    @property
    def weight_bytes(self) -> int:
        """Of its matrices."""
        matrices: tuple[Weighty, ...] = (self.state, self.state_kept, self.condition, self.condition_kept, self.tail)
        return sum(part.weight_bytes for part in matrices)

    def conditioned(self, given: Tensor, alone: Frames, copies: int) -> Condition:
        """By `given` `[frames, 240]`, laid out as `alone`; a second copy by nothing."""
        made = torch.stack([self.condition(alone.neighbours(given)), self.condition_kept(given)])[:, None]
        if copies > 1:
            made = torch.cat([made, self.nothing[:, None, None].expand_as(made)], dim=1)
        frames = alone if copies == 1 else Frames.of(alone.lengths, given, copies=copies)
        return Condition(convolved=made[0], kept=made[1], frames=frames, alone=alone)

    def __call__(self, state: Tensor, known: Condition, step: int, numbers: Numbers) -> Tensor:
        """A `state` `[frames, 80]` through the stage, in each of its copies: `[rows, 256]`."""
        convolved = (known.convolved + self.state(known.alone.neighbours(state))).flatten(0, 1)
        kept = (known.kept + self.state_kept(state)).flatten(0, 1)
        changed = self.tail.changed(convolved, known.frames, step)
        return self.tail.attended(as_type(kept, numbers.stream).add_(changed), known.frames, numbers.inside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimator:
    """All stages."""

    entrance: Entrance
    down: Convolution
    middle: Sequence[Stage]
    upper: Stage
    up: Convolution
    last: Convolution
    last_norm: Norm
    out: Projection
    numbers: Numbers

    @property
    def weight_bytes(self) -> int:
        """Of all its matrices."""
        parts: tuple[Weighty, ...] = (self.entrance, self.down, *self.middle, self.upper, self.up, self.last, self.out)
        return sum(part.weight_bytes for part in parts)

    def __call__(self, state: Tensor, known: Condition, step: int) -> Tensor:
        """Where `state` `[frames, 80]` goes, under the condition and in a second copy under none: `[rows, 80]`."""
        inside, frames = self.numbers.inside, known.frames
        skipped = as_type(self.entrance(as_type(state, inside), known, step, self.numbers), inside)
        hidden = self.down(skipped, frames)
        for stage in self.middle:
            hidden = stage(as_type(hidden, inside), frames, step, self.numbers)
        hidden = self.upper(torch.cat([as_type(hidden, inside), skipped], dim=1), frames, step, self.numbers)
        hidden = self.last(self.up(as_type(hidden, inside), frames), frames)
        return self.out(functional.mish(self.last_norm(hidden), inplace=True))


def estimator(tensors: Tensors, steps: Sequence[Step], numbers: Numbers) -> Estimator:
    """The one whose tensors these are, for solutions in such steps."""
    square = (WIDTH, WIDTH, TAPS)
    return Estimator(
        entrance=_entrance(tensors.under("down_blocks.0."), steps, numbers),
        down=convolution(tensors, "down_blocks.0.2", square, numbers),
        middle=[
            _stage(tensors.under(f"mid_blocks.{index}."), WIDTH, steps, numbers)
            for index in range(tensors.layers("mid_blocks."))
        ],
        upper=_stage(tensors.under("up_blocks.0."), 2 * WIDTH, steps, numbers),
        up=convolution(tensors, "up_blocks.0.2", square, numbers),
        last=convolution(tensors, "final_block.block.0", square, numbers),
        last_norm=norm(tensors, "final_block.block.2", WIDTH, numbers),
        out=_pointwise(tensors, "final_proj", WIDTH, BANDS, numbers),
        numbers=numbers,
    )


def _stage(tensors: Tensors, inputs: int, steps: Sequence[Step], numbers: Numbers) -> Stage:
    return Stage(
        first=convolution(tensors, "0.block1.block.0", (WIDTH, inputs, TAPS), numbers),
        kept=_pointwise(tensors, "0.res_conv", inputs, WIDTH, numbers),
        tail=_tail(tensors, steps, numbers),
    )


def _entrance(tensors: Tensors, steps: Sequence[Step], numbers: Numbers) -> Entrance:
    inputs, kept = BANDS + CONDITION, numbers.precision
    taps = tensors.take("0.block1.block.0.weight", WIDTH, inputs, TAPS)
    straight = tensors.take("0.res_conv.weight", WIDTH, inputs, 1)
    taps_bias, straight_bias = (tensors.take(f"0.{name}.bias", WIDTH) for name in ("block1.block.0", "res_conv"))
    return Entrance(
        state=projection(unfolded(taps[:, :BANDS]), None, kept),
        state_kept=projection(unfolded(straight[:, :BANDS]), None, kept),
        condition=projection(unfolded(taps[:, BANDS:]), taps_bias, kept),
        condition_kept=projection(unfolded(straight[:, BANDS:]), straight_bias, kept),
        nothing=torch.stack([taps_bias, straight_bias]).to(numbers.inside),
        tail=_tail(tensors, steps, numbers),
    )


def _tail(tensors: Tensors, steps: Sequence[Step], numbers: Numbers) -> Tail:
    weight, bias = tensors.take("0.mlp.1.weight", WIDTH, TIME_WIDTH), tensors.take("0.mlp.1.bias", WIDTH)
    moments = functional.linear(torch.stack([step.known for step in steps]), weight, bias)
    return Tail(
        first_norm=norm(tensors, "0.block1.block.2", WIDTH, numbers),
        moments=moments.to(numbers.inside),
        second=convolution(tensors, "0.block2.block.0", (WIDTH, WIDTH, TAPS), numbers),
        second_norm=norm(tensors, "0.block2.block.2", WIDTH, numbers),
        blocks=[_block(tensors.under(f"1.{index}."), numbers) for index in range(tensors.layers("1."))],
    )


def _block(tensors: Tensors, numbers: Numbers) -> Block:
    inner = HEADS * HEAD_SIZE
    query, key, value = (tensors.take(f"attn1.to_{name}.weight", inner, WIDTH) for name in "qkv")
    return Block(
        before_attention=norm(tensors, "norm1", WIDTH, numbers),
        qkv=projection(torch.cat([HEAD_SIZE**-0.5 * query, key, value]).t(), None, numbers.precision),
        mixed=attended_by_lengths if numbers.varlen else attended,
        out=linear(tensors, "attn1.to_out.0", inner, WIDTH, numbers),
        before_unit=norm(tensors, "norm3", WIDTH, numbers),
        up=linear(tensors, "ff.net.0.proj", WIDTH, UNIT_WIDTH, numbers),
        down=linear(tensors, "ff.net.2", UNIT_WIDTH, WIDTH, numbers),
    )


def _pointwise(tensors: Tensors, name: str, inputs: int, outputs: int, numbers: Numbers) -> Projection:
    """A convolution of one tap."""
    weight, bias = tensors.take(f"{name}.weight", outputs, inputs, 1), tensors.take(f"{name}.bias", outputs)
    return projection(unfolded(weight), bias, numbers.precision)
