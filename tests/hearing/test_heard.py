"""What comes out of `handler.py` is heard by a speech recogniser as what went in."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hearing.recogniser import DIGITS, heard_digits, word_accuracy

REPOSITORY = Path(__file__).parent.parent.parent
GROUPS = 6
DIGITS_PER_GROUP = 8
CLEAR_VOICE = {
    "id": "clear",
    "names": ["Clear"],
    "language": "en-US",
    "gender": "male",
    "tier": "standard",
    "engines": {"espeak": {"voice": "en-us", "variant": "klatt4", "rate": 160}},
}
"""The variant that the recogniser's model, trained on people, understands best."""


def digits(seed: int) -> list[str]:
    return random.Random(seed).choices(DIGITS, k=GROUPS * DIGITS_PER_GROUP)


def groups(words: list[str]) -> list[list[str]]:
    return [words[start : start + DIGITS_PER_GROUP] for start in range(0, len(words), DIGITS_PER_GROUP)]


def spoken_file(text: str, audio_format: str, tmp_path: Path) -> Path:
    voices = tmp_path / "voices"
    voices.mkdir()
    catalog = {"format_version": 1, "voices": [CLEAR_VOICE], "profiles": []}
    (voices / "catalog.json").write_text(json.dumps(catalog))
    job = {"input": {"text": text, "voice": "clear", "response_format": audio_format}}
    subprocess.run(
        [sys.executable, "handler.py", "--test_input", json.dumps(job), "--output", str(tmp_path / "output")],
        cwd=REPOSITORY,
        env={**os.environ, "TTS_VOICES_DIR": str(voices), "TTS_DEFAULT_VOICE": "clear"},
        check=True,
        capture_output=True,
        timeout=60,
    )
    (path,) = (tmp_path / "output").iterdir()
    assert path.suffix == f".{audio_format}"
    return path


@pytest.mark.parametrize("audio_format", ["wav", "mp3"])
def test_digits_spoken_through_the_handler_are_understood(audio_format: str, tmp_path: Path) -> None:
    words = digits(seed=1)
    text = ". ".join(" ".join(group) for group in groups(words)) + "."
    heard = heard_digits(spoken_file(text, audio_format, tmp_path), tmp_path)
    assert word_accuracy(words, heard) >= 0.85
    assert word_accuracy(random.Random(2).sample(words, len(words)), heard) < 0.4
