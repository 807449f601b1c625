"""The speech tokenizer: a recording in 25 tokens a second, which T3 and S3Gen take for what is said, and how."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.arithmetic.precision import REFERENCE
from worker.engines.chatterbox.arithmetic.projection import projection
from worker.engines.chatterbox.hearing.mel import NARROW_WINDOW, TokenizerMel, tokenizer_bands
from worker.engines.chatterbox.hearing.tokenizer_block import HEAD_SIZE, WIDTH, Block
from worker.engines.chatterbox.tensors import Tensors

BLOCKS = 6
FRAMES_PER_TOKEN = 4
LONGEST = 3000
"""Frames that are heard at once, 30 s."""
OVERLAP = 400
"""Of two stretches of what is longer; each gives half of it away."""
MOST_AT_ONCE = 8
"""Stretches of LONGEST in memory together."""
ROPE_BASE = 10_000.0
LEVELS = 3
DIMENSIONS = 8
DERIVED = ("_mel_filters", "window")
"""Tensors that are computed where a file lacks them (`ignore_state_dict_missing` of upstream)."""
INNERMOST = 0.9990000128746033
"""Of a number from −1 to 1: nothing is rounded beyond them (`FSQCodebook` of s3tokenizer)."""


class SpeechTokenizer:
    """S3Tokenizer v2: two convolutions, a stack of blocks, and eight numbers of three levels as one token."""

    def __init__(self, tensors: Tensors, blocks: int = BLOCKS) -> None:
        """`tensors` under `tokenizer.` of S3Gen's file; nothing of it is left.

        Raises:
            EngineUnavailable: the file is of another model.

        """
        encoder = tensors.under("encoder.")
        self._first = encoder.take("conv1.weight", WIDTH, TokenizerMel.BANDS, 3), encoder.take("conv1.bias", WIDTH)
        self._second = encoder.take("conv2.weight", WIDTH, WIDTH, 3), encoder.take("conv2.bias", WIDTH)
        self._blocks = [Block.of(encoder.under(f"blocks.{index}.")) for index in range(blocks)]
        down = tensors.under("quantizer._codebook.project_down.")
        self._down = projection(down.take("weight", DIMENSIONS, WIDTH).t(), down.take("bias", DIMENSIONS), REFERENCE)
        self.device = self._first[0].device
        self._mel = _mel(tensors, self.device)
        self._turns = _turns(LONGEST // FRAMES_PER_TOKEN).to(self.device)
        self._places = LEVELS ** torch.arange(DIMENSIONS, device=self.device)

    def __call__(self, *waves: Tensor) -> list[Tensor]:
        """The tokens of each wave, int64 `[n]`, all in one run; waves are float32 `[n]` at 16 kHz, of 40 ms or more.

        Of a longer wave than 30 s stretches are heard, as upstream hears them (`quantize` of s3tokenizer).
        """
        stretches = [_stretches(self._mel(wave)) for wave in waves]
        tokens = iter(self._in_turn([mel for parts in stretches for mel in parts]))
        return [_merged([next(tokens) for _ in parts]) for parts in stretches]

    def _in_turn(self, mels: Sequence[Tensor]) -> list[Tensor]:
        runs = (mels[start : start + MOST_AT_ONCE] for start in range(0, len(mels), MOST_AT_ONCE))
        return [tokens for run in runs for tokens in self._heard(run)]

    def _heard(self, mels: Sequence[Tensor]) -> list[Tensor]:
        """The tokens of each mel `[128, frames]`. Only attention and memory look beyond a row: no row is padding."""
        rows = [self._entered(mel) for mel in mels]
        lengths = [len(each) for each in rows]
        hidden = torch.cat(rows)
        turns = torch.cat([self._turns[:length] for length in lengths])
        for block in self._blocks:
            hidden = block(hidden, lengths, turns)
        levels = (torch.tanh(self._down(hidden)) * INNERMOST).round().long() + 1
        return list(torch.split((levels * self._places).sum(1), lengths))

    def _entered(self, mel: Tensor) -> Tensor:
        """`[tokens, 1280]`."""
        once = functional.gelu(functional.conv1d(mel[None], *self._first, stride=2, padding=1))
        twice = functional.gelu(functional.conv1d(once, *self._second, stride=2, padding=1))
        return twice[0].t()


def _stretches(mel: Tensor) -> list[Tensor]:
    if mel.shape[1] <= LONGEST:
        return [mel]
    return [mel[:, start : start + LONGEST] for start in range(0, mel.shape[1], LONGEST - OVERLAP)]


def _merged(parts: Sequence[Tensor]) -> Tensor:
    """Stretches without the halves of what two of them share."""
    if len(parts) == 1:
        return parts[0]
    shared = OVERLAP // 2 // FRAMES_PER_TOKEN
    first, *middle, last = parts
    return torch.cat([first[:-shared], *(part[shared:-shared] for part in middle), last[shared:]])


def _mel(tensors: Tensors, device: torch.device) -> TokenizerMel:
    """With the bands and the window of the file, or computed as upstream computes them."""
    bands, window = tokenizer_bands().to(device), torch.hann_window(NARROW_WINDOW).to(device)
    computed = zip(DERIVED, (bands, window), strict=True)
    return TokenizerMel(*(tensors.take(name, *own.shape) if name in tensors else own for name, own in computed))


def _turns(length: int) -> Tensor:
    """The turn of each pair of numbers at each position: complex `[length, 32]`."""
    frequencies = 1.0 / ROPE_BASE ** (torch.arange(0, HEAD_SIZE, 2).float() / HEAD_SIZE)
    angles = torch.outer(torch.arange(length).float(), frequencies)
    return torch.polar(torch.ones_like(angles), angles)
