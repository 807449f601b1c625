"""The flow of each kind of S3Gen, small, with random weights: upstream's module and ours of the same tensors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from chatterbox.models.s3gen import flow_matching
from torch import Tensor

from builder.upstream_modules import s3gen
from worker.engines.chatterbox.arithmetic.precision import REFERENCE, Precision
from worker.engines.chatterbox.flow.flow import LOOK_AHEAD, Flow, Piece
from worker.engines.chatterbox.member import MEMBERS, START_SPEECH
from worker.engines.chatterbox.tensors import Tensors

HALF = Precision(name="balanced", weights=torch.bfloat16)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One kind of flow, twice."""

    meanflow: bool
    module: Any

    def tensors(self) -> Tensors:
        """What a file of it holds."""
        return Tensors({f"flow.{name}": tensor for name, tensor in self.module.state_dict().items()}, "s3gen")

    def ours(self, precision: Precision = REFERENCE) -> Flow:
        """Ours, fresh."""
        return Flow(self.tensors().under("flow."), meanflow=self.meanflow, precision=precision)

    def upstream(self, piece: Piece, monkeypatch: pytest.MonkeyPatch) -> Tensor:
        """Theirs of one whole piece, out of its noise."""
        noise = SimpleNamespace(**{**vars(torch), "randn_like": lambda _: piece.start.t()[None].clone()})
        monkeypatch.setattr(flow_matching, "torch", noise)
        mel, _ = self.module.inference(
            piece.tokens[None],
            torch.tensor([len(piece.tokens)]),
            piece.prompt[None],
            torch.tensor([len(piece.prompt)]),
            piece.mel[None],
            None,
            piece.x_vector[None],
            finalize=True,
            n_timesteps=2 if self.meanflow else 10,
            meanflow=self.meanflow,
        )
        return mel[0].t()

    @torch.inference_mode()
    def unfinished(self, piece: Piece) -> Tensor:
        """Theirs where the last tokens are only looked at: their `inference` masks it by its full length, and fails."""
        flow = self.module
        tokens = torch.cat([piece.prompt, piece.tokens])
        said, _ = flow.encoder(flow.input_embedding(tokens)[None], torch.tensor([len(tokens)]))
        content = flow.encoder_proj(said[:, : -2 * LOOK_AHEAD]).transpose(1, 2).contiguous()
        recording = torch.zeros_like(content)
        recording[0, :, : len(piece.mel)] = piece.mel.t()
        speaker = flow.spk_embed_affine_layer(torch.nn.functional.normalize(piece.x_vector[None], dim=1))
        times = torch.linspace(0, 1, (2 if self.meanflow else 10) + 1)
        given = {"mu": content, "mask": torch.ones_like(content[:, :1]), "spks": speaker, "cond": recording}
        start = piece.start.t()[None, :, : content.shape[2]]
        if self.meanflow:
            mel = flow.decoder.basic_euler(start, times, **given)
        else:
            mel = flow.decoder.solve_euler(start, 1 - torch.cos(times * 0.5 * torch.pi), **given)
        return mel[0].t()[len(piece.mel) :]


def drawn(count: int, recorded: int, *, seed: int = 0, more: int = 0, whole: bool = True) -> Piece:
    """A piece of so many tokens in a voice of so many, whose mel has `more` frames than two for each."""
    chance = torch.Generator().manual_seed(seed)
    return Piece(
        tokens=torch.randint(0, START_SPEECH, (count,), generator=chance),
        prompt=torch.randint(0, START_SPEECH, (recorded,), generator=chance),
        mel=torch.randn(2 * recorded + more, 80, generator=chance) - 6.0,
        x_vector=torch.randn(192, generator=chance),
        start=torch.randn(2 * (recorded + count), 80, generator=chance),
        whole=whole,
    )


@pytest.fixture(scope="module")
def flows() -> Callable[..., Pair]:
    """By whether it is a meanflow one, and how many blocks its stacks have at most."""

    @cache
    def pair(*, meanflow: bool, blocks: int | None = 1) -> Pair:
        with torch.random.fork_rng([]):
            torch.manual_seed(1)
            module = s3gen(replace(MEMBERS["nano" if meanflow else "original"], blocks=blocks)).flow.eval()
            for name, tensor in module.named_parameters():
                if name.endswith("bias") or tensor.dim() == 1:  # upstream begins with ones and zeros
                    tensor.data += 0.1 * torch.randn_like(tensor)
                if "time_embed_mixer" in name:
                    tensor.data += 0.02 * torch.randn_like(tensor)
        return Pair(meanflow=meanflow, module=module.requires_grad_(requires_grad=False))

    return pair


@pytest.fixture(params=[False, True], ids=["guided", "meanflow"])
def pair(request: pytest.FixtureRequest, flows: Callable[..., Pair]) -> Pair:
    return flows(meanflow=request.param)
