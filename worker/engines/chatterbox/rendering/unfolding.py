"""An utterance that is rendered while it is still being spoken.

Each window is rendered from the utterance's beginning, for the flow looks at all of it. The frames that were heard stay
as they were; of the new ones the last are held back, for of those that follow the vocoder hears some, too. Two windows
differ a little in what they share, the more so towards their ends: where one goes on from the other they are blended,
first the frames and then the samples, so that there is no seam.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from worker.audio.clip import Samples
from worker.engines.chatterbox.conditioning.placed import Heard
from worker.engines.chatterbox.flow.flow import Piece
from worker.engines.chatterbox.rendering.noise import Noise
from worker.engines.chatterbox.rendering.renderer import Renderer
from worker.engines.chatterbox.vocoder.excitation import FRAME
from worker.engines.chatterbox.watermark.watermark import Watermark

FIRST_TOKENS = 15
"""Of the first window: 0.6 s, of which 0.25 s are heard at once."""
NEXT_TOKENS = 15
"""Of the second; each later one brings twice as many, so that all of them together cost twice what the last does."""
HELD_FRAMES = 6
"""Held back of a window: 120 ms. The pitch of a frame hears five ahead, and what the vocoder makes of the last one that
is given out is within −33 dB of what it makes when all twenty are there that it could hear."""
CROSSED_SAMPLES = 240
"""In which one window's samples become the next one's: 10 ms, all of it behind what was given out."""
LOOKAHEAD = 4
"""Of the watermark: it holds back 104 ms."""


class Unfolding:
    """One utterance's windows. Tokens are told by one thread, windows are rendered by another."""

    def __init__(self, renderer: Renderer, heard: Heard, noise: Noise, watermark: Watermark | None) -> None:
        self._renderer = renderer
        self._heard = heard
        self._noise = noise
        self._watermark = None if watermark is None else watermark.stream(lookahead=LOOKAHEAD)
        self._due = FIRST_TOKENS
        self._step = NEXT_TOKENS
        self._mel: Tensor | None = None
        """Of the last window."""
        self._given = 0
        """Frames of it that were heard."""
        self._behind: Samples = np.zeros(0, dtype=np.float32)
        """Its samples behind these."""

    def is_due(self, tokens: int) -> bool:
        """Whether so many tokens make another window; said once of each."""
        if tokens < self._due:
            return False
        self._due = tokens + self._step
        self._step *= 2
        return True

    def piece(self, tokens: Sequence[int], *, ended: bool) -> Piece:
        """The next window: the tokens so far, or all."""
        return self._renderer.piece(self._renderer.sound(tokens, ended=ended), self._heard, self._noise, ended=ended)

    @torch.inference_mode()
    def samples(self, mel: Tensor, *, ended: bool) -> Samples:
        """What can be heard by now and was not heard before, of the window's mel spectrogram `[frames, 80]`."""
        self._mel = mel = mel if self._mel is None else _continued(self._mel, self._given, mel)
        count = len(mel) if ended else max(self._given, len(mel) - HELD_FRAMES)
        samples = self._renderer.waveform(mel, self._noise)[FRAME * self._given :]
        _cross(self._behind, samples)
        samples, self._behind = np.split(samples, [FRAME * (count - self._given)])
        self._given = count
        return samples if self._watermark is None else self._watermark.push(samples, last=ended)


def _continued(before: Tensor, given: int, after: Tensor) -> Tensor:
    """The frames of `before` that were given, then those of `after`, which come out of those of `before` by and by."""
    held, fresh = before[given:], after[given:]
    count = min(len(held), len(fresh))
    share = torch.arange(1, count + 1, device=after.device)[:, None] / (count + 1)
    return torch.cat([before[:given], torch.lerp(held[:count], fresh[:count], share), fresh[count:]])


def _cross(before: Samples, after: Samples) -> None:
    """Changes the first of `after` so that they come out of `before`."""
    count = min(len(before), len(after), CROSSED_SAMPLES)
    share = np.arange(1, count + 1, dtype=np.float32) / (count + 1)
    after[:count] = before[:count] + share * (after[:count] - before[:count])
