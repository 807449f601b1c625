"""Everything between a text and a sound: the worker's engine on a checkpoint drawn here. It wants all that it needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from bench.gpu.checkpoint import LEAN, PUBLISHED, write, write_watermark
from bench.gpu.setup import Setup
from bench.speaking.ours import Ours, ours
from worker.engines.chatterbox.arithmetic.precision import PrecisionName
from worker.engines.chatterbox.member import MEMBERS, Member
from worker.engines.chatterbox.watermark.weights import PACKAGE

PRECISIONS: tuple[PrecisionName, ...] = ("balanced", "reference")
"""The order in which they are measured."""
WARM_TOKENS = 8


@contextmanager
def checkpoint(member: Member, setup: Setup) -> Iterator[Path]:
    """A folder with the member's checkpoints, kept for the tables that follow where the setup has a place for them."""
    if setup.checkpoints is None:
        with TemporaryDirectory() as place:
            yield _written(member, setup, Path(place))
    else:
        yield _written(member, setup, setup.checkpoints)


def engines(setup: Setup, *, utterances: int) -> Iterator[tuple[Member, PrecisionName, Ours]]:
    """Every member in every precision, the most telling first, with room for so many utterances; each has spoken."""
    for precision in PRECISIONS:
        for member in setup.members:
            with checkpoint(member, setup) as folder, _engine(member, setup, folder, precision, utterances) as side:
                side.heard([side.voice], WARM_TOKENS)
                yield member, precision, side


def _engine(
    member: Member, setup: Setup, folder: Path, precision: PrecisionName, utterances: int
) -> AbstractContextManager[Ours]:
    kind = LEAN if precision == "balanced" else PUBLISHED
    return ours(
        MEMBERS[member.name], folder / kind, precision=precision, utterances=utterances, device=str(setup.device)
    )


@contextmanager
def watermark() -> Iterator[tuple[Path, ...]]:
    """Folders that Python has to look into for a watermark's weights: one of drawn ones where none are installed."""
    if find_spec(PACKAGE) is not None:
        yield ()
        return
    with TemporaryDirectory() as place:
        folder = write_watermark(Path(place))
        sys.path.append(place)
        try:
            yield (folder,)
        finally:
            sys.path.remove(place)


def _written(member: Member, setup: Setup, place: Path) -> Path:
    folder = place / member.name
    if not (folder / LEAN).exists():
        write(member, setup, folder, trunk=torch.bfloat16)
    return folder
