"""Files as older workers write them, and as somebody hostile would."""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder.voices.legacy.folder import read_legacy
from builder.voices.legacy.voice import LegacyProblem, LegacyVoice

RATE = 24_000
NEW_NAMES = (b"numpy._core.multiarray", b"numpy._core.numeric")


def tone(count: int = 2400) -> NDArray[np.float32]:
    return (0.5 * np.sin(np.arange(count, dtype=np.float32) / 7)).astype(np.float32)


def fields(**changes: object) -> dict[str, object]:
    return {"audio": tone(), "sample_rate": RATE, "duration": 0.1, "format": "wav", **changes}


def put(folder: Path, file: str, content: Mapping[str, Any] | bytes, protocol: int = 4) -> Path:
    path = folder / file
    raw = content if isinstance(content, bytes) else pickle.dumps(dict(content), protocol)
    path.write_bytes(gzip.compress(raw) if file.endswith(".gz") else raw)
    return path


def with_names_of_numpy_1(data: bytes) -> bytes:
    """The pickle as numpy 1 writes it, whose private modules have no underscore."""
    if data[2:3] != b"\x95":
        return data.replace(b"numpy._core.", b"numpy.core.")
    shorter = data
    for name in NEW_NAMES:
        old = name.replace(b"._core.", b".core.")
        shorter = shorter.replace(b"\x8c" + bytes([len(name)]) + name, b"\x8c" + bytes([len(old)]) + old)
    frame = int.from_bytes(data[3:11], "little") - (len(data) - len(shorter))
    return shorter[:3] + frame.to_bytes(8, "little") + shorter[11:]


def outcomes(folder: Path, sample_rate: int | None = None) -> list[LegacyVoice | LegacyProblem]:
    return list(read_legacy(folder, sample_rate=sample_rate))


def voice_in(folder: Path, sample_rate: int | None = None) -> LegacyVoice:
    (voice,) = outcomes(folder, sample_rate)
    assert isinstance(voice, LegacyVoice), voice.error
    return voice


def problem_in(folder: Path, sample_rate: int | None = None) -> LegacyProblem:
    (problem,) = outcomes(folder, sample_rate)
    assert isinstance(problem, LegacyProblem)
    return problem
