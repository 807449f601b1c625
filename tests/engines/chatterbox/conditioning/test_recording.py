"""A recording's quiet ends are cut where upstream cuts them."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from tests.engines.chatterbox.conditioning.recordings import cut
from voice_library.voice import Reference
from worker.engines.chatterbox.conditioning.recording import TRIM_DB, trimmed


@pytest.mark.parametrize("seconds", [0.1, 0.9, 2.03, 7.7, 15.0])
@pytest.mark.parametrize("margins", [(0, 0), (700, 9_000), (30_000, 1)])
def test_the_cuts_are_librosas(seconds: float, margins: tuple[int, int], speakers: tuple[Reference, Reference]) -> None:
    for speaker in speakers:
        samples = np.pad(cut(speaker, seconds).samples, margins)
        samples += np.random.default_rng(1).standard_normal(len(samples)).astype(np.float32) * np.float32(1e-3)
        expected, (start, end) = librosa.effects.trim(samples, top_db=TRIM_DB)
        assert len(expected) == end - start
        assert np.array_equal(trimmed(samples), expected)


def test_it_does_cut(speakers: tuple[Reference, Reference]) -> None:
    samples = cut(speakers[0], 2.0).samples
    assert len(trimmed(np.pad(samples, 20_000))) <= len(samples) + 2 * 2048


def test_silence_is_as_loud_as_its_loudest() -> None:
    silence = np.zeros(5_000, dtype=np.float32)
    assert len(trimmed(silence)) == len(librosa.effects.trim(silence, top_db=TRIM_DB)[0]) == 5_000
