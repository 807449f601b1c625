"""A checkpoint on the disk, drawn on the device: what a worker loads, without upstream's package to write it.

It wants safetensors, and of the worker what loads checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from bench import speaker
from bench.gpu.inventory.parts import affine, under
from bench.gpu.inventory.s3gen import heard, spoken
from bench.gpu.inventory.s3gen import speaker as encoder
from bench.gpu.setup import Setup
from bench.gpu.speech_weights import drawn
from bench.gpu.weights import weights
from builder import random_tokenizer
from builder.convert_models import convert
from worker.engines.chatterbox.checkpoint import Size
from worker.engines.chatterbox.member import MEMBERS, START_SPEECH, Member
from worker.engines.chatterbox.watermark import network
from worker.engines.chatterbox.watermark.weights import ENCODER, FILE, PACKAGE

PUBLISHED, LEAN = "published", "lean"


def write(member: Member, setup: Setup, folder: Path, *, trunk: torch.dtype) -> None:
    """A checkpoint in `folder / PUBLISHED`, and what it is converted to, with such a trunk, in `folder / LEAN`."""
    if setup.small:
        member = replace(member, blocks=1)
    published = folder / PUBLISHED
    published.mkdir(parents=True)
    if member != MEMBERS[member.name]:
        Size(layers=member.layers, hidden=member.hidden, blocks=member.blocks).write(published)
    _save(_t3(member, setup), published / member.file)
    _save(drawn({**spoken(member), **heard(member)}, setup.device), published / member.speech_file)
    _save(drawn(encoder(), setup.device), published / member.speaker_file)
    speaker.write(member, published, tokens=speaker.SMALL_TOKENS if setup.small else speaker.TOKENS)
    random_tokenizer.write(member, published)
    convert(MEMBERS[member.name], published, folder / LEAN, trunk=trunk)


def write_watermark(folder: Path) -> Path:
    """Weights of a watermark as its wheel has them; `folder` is to be on the path of Python then."""
    path = folder / PACKAGE / FILE
    path.parent.mkdir(parents=True)
    shapes = dict(under(ENCODER, _watermark()))
    torch.save({"model": drawn(shapes, torch.device("cpu"))}, path)
    return folder


def _t3(member: Member, setup: Setup) -> Mapping[str, Tensor]:
    """One that says nothing but sound: what follows a mark would be all that is heard."""
    made = weights(member, setup.device)
    for name in ("speech_head.weight", "speech_head.bias"):
        if name in made:
            made[name][START_SPEECH:] = 0.0
    return made


def _watermark() -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from affine("layers.0.conv", network.HIDDEN, network.BANDS, 1)
    for index in range(network.CONVOLUTIONS):
        yield from affine(f"layers.{1 + index}.conv", network.HIDDEN, network.HIDDEN, network.TAPS)
    yield from affine(f"layers.{1 + network.CONVOLUTIONS}.conv", network.BANDS, network.HIDDEN, 1)


def _save(tensors: Mapping[str, Tensor], path: Path) -> None:
    kept = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    if path.suffix == ".pt":
        torch.save(kept, path)
    else:
        save_file(kept, path)
