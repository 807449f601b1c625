"""Where a caption of a long text says that something is said, a speech recogniser hears it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import soundfile

from tests.conftest import Caller
from tests.hearing.recogniser import DIGITS, heard_digits, word_accuracy
from tests.hearing.test_heard import CLEAR_VOICE
from worker.jobs.context import Worker
from worker.reply import LongTextReply
from worker.service import Service
from worker.settings import Settings

PROSE = "The ferry left the harbour at half past seven, and nobody on board knew what the evening would bring. " * 4
CHAPTERS, DIGITS_PER_CHAPTER = 6, 8


def book(numbers: list[list[str]]) -> str:
    """Chapters of prose, each with a paragraph of digits somewhere within."""
    return "\n\n".join(
        f"# Chapter {index}\n\n{PROSE * (index % 3)}\n\n{' '.join(digits)}.\n\n{PROSE}"
        for index, digits in enumerate(numbers)
    )


def test_digits_in_a_book_are_heard_where_its_captions_place_them(tmp_path: Path) -> None:
    chance = random.Random(4)
    numbers = [chance.choices(DIGITS, k=DIGITS_PER_CHAPTER) for _ in range(CHAPTERS)]
    voices = tmp_path / "voices"
    voices.mkdir()
    (voices / "catalog.json").write_text(json.dumps({"format_version": 1, "voices": [CLEAR_VOICE], "profiles": []}))
    worker = Worker.load(Settings(voices_dir=voices, default_voice="clear", volume_dir=tmp_path / "volume"))
    try:
        reply = Caller(Service(worker))(
            type="long_text", text=book(numbers), document_kind="markdown", response_format="wav", captions="json",
            delivery="volume", seed=2,
        )  # fmt: skip
    finally:
        worker.close()
    assert isinstance(reply, LongTextReply), reply
    (part,) = reply.parts
    assert part.captions is not None
    cues = json.loads(Path(part.captions.path or "").read_text())
    samples, rate = soundfile.read(reply.audio_path, dtype="float32")
    heard = []
    for digits in numbers:
        (cue,) = [cue for cue in cues if " ".join(digits) in cue["text"]]
        said = samples[round(cue["start_sec"] * rate) : round(cue["end_sec"] * rate)]
        soundfile.write(tmp_path / "said.wav", np.asarray(said), rate)
        heard += heard_digits(tmp_path / "said.wav", tmp_path)
    spoken = [digit for digits in numbers for digit in digits]
    assert word_accuracy(spoken, heard) >= 0.8
    assert word_accuracy(chance.sample(spoken, len(spoken)), heard) < 0.45
