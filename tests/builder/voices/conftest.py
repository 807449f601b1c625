"""A small library, made once by the tool itself, and the tool on a copy of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from builder.voices.__main__ import main
from tests.builder.voices.recording.speech import spoken
from worker.audio.clip import Clip

ON_RECORD = ("--language", "en-US", "--gender", "female", "--licence", "ours", "--consent", "contract 12")
"""What a studio has to say of a speaker."""


class Tool:
    """The command line, run in this process on one folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = dict(environment)
        self._capsys = capsys
        self.told = ""
        """What came beside the result the last time."""

    def __call__(self, *arguments: object, code: int = 0) -> Any:
        """What it prints as JSON, and nothing where that is nothing."""
        printed = self.text(*arguments, "--json", code=code)
        return json.loads(printed) if printed else None

    def text(self, *arguments: object, code: int = 0) -> str:
        """What it prints for people."""
        self._capsys.readouterr()
        ended = main([*map(str, arguments), "--folder", str(self.folder)], self.environment)
        printed = self._capsys.readouterr()
        self.told = printed.err
        assert ended == code, printed.err
        return printed.out

    def ids(self) -> list[str]:
        return [row["id"] for row in self("list")]

    def file(self, voice_id: str) -> Path:
        return self.folder / f"{voice_id}.safetensors"


@pytest.fixture(scope="session")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sampled") / "voices"
    assert main(["samples", "--into", str(folder), "--json"], {}) == 0
    return folder


@pytest.fixture
def tool(sampled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tool:
    """On a library of its own, with the shipped voices and the samples."""
    return Tool(Path(shutil.copytree(sampled, tmp_path / "library")), capsys, {"TTS_ENGINES": "espeak,tone"})


@pytest.fixture
def empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tool:
    """On a folder that is not there yet."""
    return Tool(tmp_path / "new", capsys, {"TTS_ENGINES": "tone"})


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., Path]:
    """Writes a recording of the embedded engine."""

    def write(name: str = "session.wav", clip: Clip | None = None, *, channels: int = 1) -> Path:
        clip = clip or spoken()
        samples = np.repeat(clip.samples[:, None], channels, axis=1)
        soundfile.write(tmp_path / name, samples, clip.sample_rate)
        return tmp_path / name

    return write
