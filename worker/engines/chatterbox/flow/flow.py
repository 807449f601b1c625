"""Speech tokens and a voice in, a mel spectrogram out (`CausalMaskedDiffWithXvec` of chatterbox-tts), many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.arithmetic.precision import REFERENCE, Precision, as_type
from worker.engines.chatterbox.flow.encoder import BANDS, FRAMES_PER_TOKEN, encoder
from worker.engines.chatterbox.flow.estimator import estimator
from worker.engines.chatterbox.flow.frames import Frames
from worker.engines.chatterbox.flow.numbers import Numbers
from worker.engines.chatterbox.flow.times import steps
from worker.engines.chatterbox.tensors import Tensors
from worker.errors import EngineFailed

LOOK_AHEAD = 3
"""Tokens behind those that are rendered that the encoder sees."""
MOST_TOKENS = 2_500
"""Those of voice and utterance together."""
GUIDANCE = 0.7
"""How far a step goes away from where it would go if nothing were known of the utterance (`CFM_PARAMS`)."""
X_VECTOR = 192
"""Length of upstream's speaker embedding."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """An utterance, or as much of it as is there, in a voice."""

    tokens: Tensor
    """What is said: int64 `[n]`."""
    prompt: Tensor
    """Speech tokens of the voice's recording: int64 `[m]`."""
    mel: Tensor
    """The recording's mel: float32 `[2 · m or one more, 80]`."""
    x_vector: Tensor
    """Who speaks: float32 `[192]`."""
    start: Tensor
    """The noise that the mel is drawn out of, recording first: float32 `[2 · (m + n), 80]`.

    Where the piece is not whole, its last six rows may lack; they are not read.
    """
    whole: bool = True
    """Otherwise the last three tokens are only looked at: they get no frames."""

    @property
    def length(self) -> int:
        """Tokens of recording and utterance."""
        return len(self.prompt) + len(self.tokens)

    @property
    def frames(self) -> int:
        """Mel frames of recording and utterance that are solved for."""
        return FRAMES_PER_TOKEN * (self.length - (0 if self.whole else LOOK_AHEAD))


class Flow:
    """One member's. It keeps nothing between calls: for any number of threads at once."""

    def __init__(self, tensors: Tensors, *, meanflow: bool, precision: Precision = REFERENCE) -> None:
        """Takes all `tensors` of the flow; `meanflow` says whether it is distilled to few steps without guidance."""
        weight = tensors.take("spk_embed_affine_layer.weight", BANDS, X_VECTOR)
        self._numbers = Numbers.of(precision, weight.device)
        self._speaker = (weight, tensors.take("spk_embed_affine_layer.bias", BANDS))
        self._encoder = encoder(tensors, self._numbers, MOST_TOKENS)
        tensors = tensors.under("decoder.estimator.")
        self._steps = steps(tensors, meanflow=meanflow)
        self._estimator = estimator(tensors, self._steps, self._numbers)
        self._copies = 1 if meanflow else 2

    @property
    def weight_bytes(self) -> int:
        """Bytes of its matrices."""
        return self._encoder.weight_bytes + self._estimator.weight_bytes

    @torch.inference_mode()
    def mels(self, pieces: Sequence[Piece]) -> list[Tensor]:
        """Each piece's mel without its recording's: float32 `[frames, 80]`.

        A piece's numbers do not depend on what is beside it, up to the rounding of single precision.

        Raises:
            EngineFailed: a piece has too many tokens together with its voice, or too few to get a frame.

        """
        for piece in pieces:
            _check(piece)
        said = self._encoder(
            torch.cat([part for piece in pieces for part in (piece.prompt, piece.tokens)]),
            [piece.length for piece in pieces],
        )
        alone = Frames.of([piece.frames for piece in pieces], said)
        known = torch.cat([_solved_for(said, pieces), as_type(self._voices(pieces, alone), said.dtype)], dim=1)
        state = torch.cat([piece.start[: piece.frames] for piece in pieces])
        solved = self._solved(state, known, alone)
        return [solved[clip.start + len(piece.mel) : clip.stop] for piece, clip in zip(pieces, alone, strict=True)]

    def _voices(self, pieces: Sequence[Piece], frames: Frames) -> Tensor:
        """Who speaks in each frame, and the recording's mel or zeros: `[frames, 160]`."""
        vectors = functional.normalize(torch.stack([piece.x_vector for piece in pieces]), dim=1)
        speakers = functional.linear(vectors, *self._speaker)
        recordings = torch.zeros(frames.total, BANDS, device=vectors.device)
        spoken = []
        for piece, clip, speaker in zip(pieces, frames, speakers, strict=True):
            recordings[clip.start : clip.start + len(piece.mel)] = piece.mel
            spoken.append(speaker.expand(clip.length, -1))
        return torch.cat([torch.cat(spoken), recordings], dim=1)

    def _solved(self, state: Tensor, known: Tensor, alone: Frames) -> Tensor:
        """The end of the way from noise to mel, in Euler's steps."""
        condition = self._estimator.entrance.conditioned(known, alone, self._copies)
        for index, step in enumerate(self._steps):
            going = as_type(self._estimator(state, condition, index), state.dtype)
            state = self._moved(state, going, step.length)
        return state

    def _moved(self, state: Tensor, going: Tensor, length: float) -> Tensor:
        if self._copies == 1:
            return torch.add(state, going, alpha=length)
        informed, uninformed = going.view(2, *state.shape)
        return torch.add(state, informed, alpha=length * (1 + GUIDANCE)).sub_(uninformed, alpha=length * GUIDANCE)


def _check(piece: Piece) -> None:
    if piece.length > MOST_TOKENS:
        raise EngineFailed(
            f"Chatterbox: {len(piece.tokens)} speech tokens and a voice of {len(piece.prompt)} are over "
            f"{MOST_TOKENS}, the most it renders in one piece: send less at once"
        )
    if piece.frames <= len(piece.mel):
        raise EngineFailed(
            f"Chatterbox: {len(piece.tokens)} speech tokens are too few to render: "
            f"{0 if piece.whole else LOOK_AHEAD} of them are only looked at"
        )


def _solved_for(said: Tensor, pieces: Sequence[Piece]) -> Tensor:
    """Without the frames of tokens that are only looked at."""
    if all(piece.whole for piece in pieces):
        return said
    rows = torch.split(said, [FRAMES_PER_TOKEN * piece.length for piece in pieces])
    return torch.cat([mine[: piece.frames] for mine, piece in zip(rows, pieces, strict=True)])
