"""On what a table is measured, and how much of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from worker.engines.chatterbox.member import MEMBERS, Member

TEXT_IDS = 145
"""Ids of the text: eighty, as ten seconds have, and so many that what is measured is in the middle of those seconds."""
CROWDS = (1, 2, 4, 8, 16, 32, 64)
"""Utterances side by side."""
STEPS_AHEAD = 4
"""As the worker runs on a GPU: tokens are read so many steps after they were asked for."""
SMALL_TEXT_IDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What every table is given."""

    device: torch.device
    members: tuple[Member, ...]
    small: bool = False
    """Whether it is about the tables and not about what is in them."""
    text_ids: int = TEXT_IDS
    crowds: tuple[int, ...] = CROWDS
    warm_steps: int = 16
    steps: int = 48
    """In a round."""
    rounds: int = 3
    """Of which the median counts."""
    among: int = 32
    """Utterances that are under way when another one joins."""
    checkpoints: Path | None = None
    """A folder for what several tables read, whoever drew it first; without one each draws its own."""

    @property
    def ahead(self) -> int:
        """Steps under way before the first of them is read."""
        return STEPS_AHEAD if self.device.type == "cuda" else 0

    @property
    def tokens(self) -> int:
        """Steps that an utterance lasts while it is measured."""
        return self.warm_steps + self.rounds * self.steps

    def wait(self) -> None:
        """Until the device has done all it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def setup_of(device: str, members: Sequence[str], *, small: bool, checkpoints: Path | None = None) -> Setup:
    """The setup that a command line asks for.

    Raises:
        SystemExit: there is no such device.

    """
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise SystemExit("bench.gpu: torch finds no GPU here; `--device cpu --small` tries the tables without one")
    chosen = tuple(MEMBERS[name] for name in members)
    if not small:
        return Setup(device=torch.device(device), members=chosen, checkpoints=checkpoints)
    return Setup(
        device=torch.device(device),
        members=tuple(_reduced(member) for member in chosen),
        small=True,
        text_ids=SMALL_TEXT_IDS,
        crowds=(1, 3),
        warm_steps=1,
        steps=2,
        rounds=1,
        among=2,
        checkpoints=checkpoints,
    )


def _reduced(member: Member) -> Member:
    """Its perceiver is as wide as upstream has it; the others may be narrower."""
    return replace(member, layers=1) if member.guided else replace(member, layers=2, hidden=128)
