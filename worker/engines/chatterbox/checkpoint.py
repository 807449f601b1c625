"""A checkpoint's files: their tensors by upstream's names, each checked against the module it belongs to."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from worker.engines.chatterbox.decoder.inventory import UNREAD, inventory
from worker.engines.chatterbox.layout import layout_of
from worker.engines.chatterbox.member import Member
from worker.engines.chatterbox.tensor_file import HeldTensors, TensorFile, is_wanted
from worker.errors import EngineUnavailable

Weights = Mapping[str, Tensor]
Source = TensorFile | HeldTensors

MOST_NAMED = 3
"""Tensors listed in a message."""
MOST_EXCERPTED = 1024
"""Numbers of a tensor that tell it from another training's."""
PICKLED = ".pt"
"""Of a file that is read all at once."""
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


def read(
    path: Path,
    *,
    only: tuple[str, ...] = ("",),
    without: tuple[str, ...] = (),
    device: torch.device | str = "cpu",
) -> Source:
    """The tensors of a file whose name starts with one of `only` and none of `without`.

    Raises:
        EngineUnavailable: the file is missing or damaged.

    """
    try:
        if path.suffix == PICKLED:
            found = _unpickled(path, device)
            return HeldTensors({name: found[name] for name in found if is_wanted(name, only, without)})
        return TensorFile(path, only=only, without=without, device=device)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise EngineUnavailable(f"Chatterbox: {path.name} is missing, cut short or damaged: fetch it again") from error


def t3_weights(member: Member, folder: Path, device: torch.device | str = "cpu") -> Weights:
    """What the decoder reads of the member's T3, in single precision, each when it is asked for.

    Raises:
        EngineUnavailable: the file is missing, damaged or of another model; names the tensors.

    """
    file = layout_of(member, folder).t3
    found = read(folder / file, without=UNREAD, device=device)
    _check(found, inventory(member), file)
    return _Single(found)


@contextmanager
def fetched(member: Member, folder: Path) -> Iterator[None]:
    """While it lasts, the system reads what speaking needs of the checkpoint, ahead of who takes tensors out of it.

    Raises:
        EngineUnavailable: a file is missing or damaged, or can no longer be read.

    """
    layout = layout_of(member, folder)
    found = [read(folder / name) for name in (layout.t3, layout.speech) if not name.endswith(PICKLED)]
    with ThreadPoolExecutor(1, thread_name_prefix="chatterbox-fetch") as thread:
        fetching = [thread.submit(file.fetch) for file in found if isinstance(file, TensorFile)]
        try:
            yield
            for each in fetching:
                each.result()
        except OSError as error:
            raise EngineUnavailable("Chatterbox: the checkpoint can no longer be read: fetch it again") from error


def is_halved(member: Member, folder: Path) -> bool:
    """Whether the matrices of the member's T3 are kept in half precision."""
    found = read(folder / layout_of(member, folder).t3, without=UNREAD)
    return any(found.excerpt(name, 1).itemsize < torch.float32.itemsize for name in found if name.startswith("tfmr."))


def fingerprint(found: Source, *stems: str) -> str:
    """What tells the weights under these stems from others: their names, their shapes, and a few numbers of each."""
    digest = hashlib.sha256()
    for name in sorted(name for name in found if name.startswith(stems)):
        numbers = found.excerpt(name, MOST_EXCERPTED).contiguous().view(torch.uint8).numpy()
        digest.update(f"{name} {list(found.shape(name))} ".encode() + numbers.tobytes())
    return digest.hexdigest()


def _check(found: Source, expected: Mapping[str, Sequence[int]], file: str) -> None:
    if lacking := [name for name in expected if name not in found]:
        raise EngineUnavailable(f"Chatterbox: {file} lacks {some(lacking)}: it is cut short, or of another model")
    if foreign := [name for name in found if name not in expected]:
        raise EngineUnavailable(f"Chatterbox: {file} has {some(foreign)}, which this model does not know")
    misshapen = [
        f"{name} {list(found.shape(name))} rather than {list(shape)}"
        for name, shape in expected.items()
        if found.shape(name) != tuple(shape)
    ]
    if misshapen:
        raise EngineUnavailable(f"Chatterbox: {file} has {some(misshapen)}: it is of another model")


def layers(weights: Weights, stem: str) -> int:
    """How many layers there are under `stem`."""
    return 1 + max(int(name[len(stem) :].partition(".")[0]) for name in weights if name.startswith(stem))


def fused(weights: Weights, *names: str) -> Tensor:
    """Several projections of one input as a single one, its outputs side by side: `[in, out]`."""
    return torch.cat([weights[name] for name in names]).t()


class _Single(Mapping[str, Tensor]):
    """The same in single precision."""

    def __init__(self, found: Source) -> None:
        self._found = found

    def __getitem__(self, name: str) -> Tensor:
        return self._found[name].float()

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _unpickled(path: Path, device: torch.device | str) -> dict[str, Tensor]:
    found = torch.load(path, map_location=device, weights_only=True)
    if not isinstance(found, dict) or not all(isinstance(tensor, Tensor) for tensor in found.values()):
        raise EngineUnavailable(f"Chatterbox: {path.name} does not hold tensors by name")
    return found


def some(names: list[str]) -> str:
    """The first few, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
