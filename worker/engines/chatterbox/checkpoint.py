"""A checkpoint's files: their tensors by upstream's names, each checked against the module it belongs to."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from worker.engines.chatterbox.member import Member
from worker.errors import EngineUnavailable

Weights = Mapping[str, Tensor]

MOST_NAMED = 3
"""Tensors listed in a message."""
SIZE_FILE = "reduced.json"
"""Stands beside the files of a checkpoint that was made smaller than its member is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a checkpoint is, where it is not as large as its member."""

    layers: int
    hidden: int
    blocks: int | None = None

    def of(self, member: Member) -> Member:
        """The member at this size."""
        return replace(member, layers=self.layers, hidden=self.hidden, blocks=self.blocks)

    def write(self, folder: Path) -> None:
        """Notes the size beside the checkpoint's files."""
        (folder / SIZE_FILE).write_text(json.dumps(asdict(self)))


def sized(member: Member, folder: Path) -> Member:
    """The member at the size of the checkpoint in `folder`: its own, unless the checkpoint says otherwise.

    Raises:
        EngineUnavailable: the size is not written as `Size` writes it.

    """
    path = folder / SIZE_FILE
    if not path.exists():
        return member
    try:
        return Size(**json.loads(path.read_text())).of(member)
    except (ValueError, TypeError) as error:
        raise EngineUnavailable(f"Chatterbox: {SIZE_FILE} does not give layers, hidden and blocks") from error


def read(path: Path, *, without: tuple[str, ...] = (), device: str = "cpu") -> dict[str, Tensor]:
    """The tensors of a file, but those whose name starts with one of `without`.

    Raises:
        EngineUnavailable: the file is missing or damaged.

    """
    from safetensors import SafetensorError, safe_open  # the decoder goes without it

    try:
        if path.suffix == ".pt":
            return _unpickled(path, without, device)
        with safe_open(path, framework="pt", device=device) as file:
            return {name: file.get_tensor(name) for name in file.keys() if not name.startswith(without or "\0")}  # noqa: SIM118 - no mapping
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
        raise EngineUnavailable(f"Chatterbox: {path.name} is missing, cut short or damaged: fetch it again") from error


def checked(
    weights: Weights, module: nn.Module, file: str, *, optional: tuple[str, ...] = (), unread: tuple[str, ...] = ()
) -> None:
    """Compares the tensors of `file` with those of the module they are for; names are beginnings of tensors' names.

    Raises:
        EngineUnavailable: naming the file and the tensors that are missing, foreign or of another shape.

    """
    expected = {name: tensor for name, tensor in module.state_dict().items() if not name.startswith(unread or "\0")}
    lacking = [name for name in expected if name not in weights and not name.startswith(optional or "\0")]
    if lacking:
        raise EngineUnavailable(f"Chatterbox: {file} lacks {some(lacking)}: it is cut short, or of another model")
    foreign = [name for name in weights if name not in expected]
    if foreign:
        raise EngineUnavailable(f"Chatterbox: {file} has {some(foreign)}, which this model does not know")
    misshapen = [
        f"{name} {list(tensor.shape)} rather than {list(expected[name].shape)}"
        for name, tensor in weights.items()
        if tensor.shape != expected[name].shape
    ]
    if misshapen:
        raise EngineUnavailable(f"Chatterbox: {file} has {some(misshapen)}: it is of another model")


def layers(weights: Weights, stem: str) -> int:
    """How many layers there are under `stem`."""
    return 1 + max(int(name[len(stem) :].partition(".")[0]) for name in weights if name.startswith(stem))


def fused(weights: Weights, *names: str) -> Tensor:
    """Several projections of one input as a single one, its outputs side by side: `[in, out]`."""
    return torch.cat([weights[name] for name in names]).t()


def _unpickled(path: Path, without: tuple[str, ...], device: str) -> dict[str, Tensor]:
    found = torch.load(path, map_location=device, weights_only=True)
    if not isinstance(found, dict) or not all(isinstance(tensor, Tensor) for tensor in found.values()):
        raise EngineUnavailable(f"Chatterbox: {path.name} does not hold tensors by name")
    return {name: tensor for name, tensor in found.items() if not name.startswith(without or "\0")}


def some(names: list[str]) -> str:
    """The first few, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
