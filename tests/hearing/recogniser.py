"""Speech recognition of spoken digits: pocketsphinx with a grammar of ten words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pocketsphinx
import soundfile
import soxr

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
GRAMMAR = f"#JSGF V1.0; grammar digits; public <digits> = ({' | '.join(DIGITS)})+;"
SAMPLE_RATE = 16_000
PADDING_SEC = 0.25
"""The recogniser misses a word at the very edge of a recording."""


def heard_digits(path: Path, tmp_path: Path) -> list[str]:
    """The digits heard in an audio file, as words."""
    samples, rate = soundfile.read(path, dtype="float32")
    samples = soxr.resample(np.pad(samples, round(PADDING_SEC * rate)), rate, SAMPLE_RATE)
    grammar = tmp_path / "digits.gram"
    grammar.write_text(GRAMMAR)
    decoder = pocketsphinx.Decoder(jsgf=str(grammar), samprate=SAMPLE_RATE, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    return hypothesis.hypstr.split() if hypothesis else []


def word_accuracy(spoken: Sequence[str], heard: Sequence[str]) -> float:
    """One minus the word error rate: the edits that turn what was spoken into what was heard, per word spoken."""
    edits = list(range(len(heard) + 1))
    for row, said in enumerate(spoken, 1):
        diagonal, edits[0] = edits[0], row
        for column, got in enumerate(heard, 1):
            cheapest = min(diagonal + (said != got), edits[column] + 1, edits[column - 1] + 1)
            diagonal, edits[column] = edits[column], cheapest
    return 1 - edits[-1] / len(spoken)
