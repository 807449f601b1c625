"""The voice that a checkpoint brings along."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from worker.engines.chatterbox.checkpoint import read
from worker.engines.chatterbox.conditioning.conditioning import NAMES, TOKENS, Conditioning
from worker.engines.chatterbox.layout import layout_of
from worker.engines.chatterbox.member import VOICE_FILE, Member
from worker.errors import EngineUnavailable

LENGTH = "gen.prompt_token_len"


def builtin(folder: Path, member: Member) -> Conditioning | None:
    """The conditioning in the checkpoint's `conds.pt`, or in the file that was made of it; none if there is neither.

    Raises:
        EngineUnavailable: the file is damaged, or holds no voice of this member; the message names the key.

    """
    path = folder / layout_of(member, folder).voice
    if not path.exists():
        return None
    try:
        return Conditioning.from_arrays(_arrays(path), member)
    except ValueError as error:
        raise EngineUnavailable(f"Chatterbox: {path.name} holds no voice of {member.name}: {error}") from error


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    if path.name != VOICE_FILE:
        return {name: tensor.numpy() for name, tensor in read(path).items()}
    found = _unpickled(path)
    arrays = {name: _row(found, name).numpy() for name in NAMES}
    _check_length(found, len(arrays[TOKENS]))
    return arrays


def _unpickled(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise EngineUnavailable(f"Chatterbox: {VOICE_FILE} is cut short or damaged: fetch it again") from error


def _row(found: Any, name: str) -> Tensor:
    """The tensor under `name`, part and key, without its batch of one."""
    part, _, key = name.partition(".")
    tensors = found.get(part) if isinstance(found, dict) else None
    tensor = tensors.get(key) if isinstance(tensors, dict) else None
    if tensor is None:
        raise ValueError(f"{name} is missing")
    if not isinstance(tensor, Tensor) or tensor.dim() < 1 or len(tensor) != 1:
        raise ValueError(f"{name} is no batch of one")
    row = tensor[0].detach()
    return row.float() if row.is_floating_point() else row


def _check_length(found: Any, tokens: int) -> None:
    length = _row(found, LENGTH).reshape(-1).tolist()
    if length != [tokens]:
        raise ValueError(f"{LENGTH} is {length}, but there are {tokens} tokens")
