"""Voice files on disk: only what is asked for is read, and a file is never mixed with its successor."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from voice_library import mapped
from voice_library.embedding_file import read_voice, write_voice
from voice_library.errors import InvalidVoiceFile, VoiceChanged
from voice_library.mapped import Contents, arrays_in, open_voice
from voice_library.voice import Embedding, Reference, Voice

RATE = 8000


def made(value: float = 0.1) -> Voice:
    return Voice(
        id="me",
        names=("Me",),
        language="ht",
        gender="female",
        reference=Reference(samples=np.full(RATE, value, dtype=np.float32), sample_rate=RATE),
        embeddings={"tone/1": Embedding({"f0_hz": np.float32([value])}), "other/1": Embedding({"x": np.arange(3)})},
        tags=("warm",),
        options={"temperature": 0.5},
        lexicon={"GIF": "jif"},
        version=3,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "me.safetensors"
    write_voice(path, made())
    return path


def damaged(path: Path, name: str) -> None:
    """NaN in one tensor, which everything but its numbers hides."""
    voice = read_voice(path)
    data = bytearray(path.read_bytes())
    array = voice.reference.samples if name == "audio" else voice.embeddings[name]["f0_hz"]
    at = data.index(array.tobytes())
    data[at : at + 4] = np.float32([np.nan]).tobytes()
    path.write_bytes(data)


def test_an_opened_voice_is_the_one_that_was_written(path: Path) -> None:
    opened, read = open_voice(path), read_voice(path)
    assert opened.contents == Contents(embeddings=("other/1", "tone/1"), frames=RATE, sample_rate=RATE)
    for field in ("id", "names", "language", "gender", "tags", "options", "lexicon", "version"):
        assert getattr(opened.voice, field) == getattr(read, field)
    assert opened.voice.reference.duration_sec == 1.0
    assert opened.voice.reference.digest == read.reference.digest
    assert {key: value.digest for key, value in opened.voice.embeddings.items()} == {
        key: value.digest for key, value in read.embeddings.items()
    }


def test_the_arrays_are_read_when_they_are_asked_for_and_each_by_itself(path: Path) -> None:
    damaged(path, "audio")
    voice = open_voice(path).voice
    assert voice.embeddings["tone/1"]["f0_hz"] == np.float32(0.1)
    for _ in range(2):
        with pytest.raises(InvalidVoiceFile, match=r"'me\.safetensors'.*audio.*NaN"):
            _ = voice.reference.samples


def test_the_arrays_cannot_be_changed_and_are_the_same_each_time(path: Path) -> None:
    voice = open_voice(path).voice
    samples = voice.reference.samples
    assert samples is voice.reference.samples
    with pytest.raises(ValueError, match="read-only"):
        samples[0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        samples.setflags(write=True)


def test_a_file_that_was_mapped_stays_as_it_was_when_another_takes_its_place(path: Path) -> None:
    voice = open_voice(path).voice
    assert voice.embeddings["tone/1"]["f0_hz"] == np.float32(0.1)
    write_voice(path, made(0.2))
    assert (voice.reference.samples == np.float32(0.1)).all()
    path.unlink()
    assert len(voice.embeddings["other/1"]["x"]) == 3


def test_a_file_that_was_replaced_before_it_was_used_is_told_and_may_be_tried_again(path: Path) -> None:
    voice = open_voice(path).voice
    write_voice(path, made(0.2))
    with pytest.raises(VoiceChanged, match="send the job again") as told:
        _ = voice.reference.samples
    assert told.value.retryable
    path.unlink()
    with pytest.raises(VoiceChanged):
        _ = voice.embeddings["tone/1"]["f0_hz"]


@pytest.mark.parametrize(
    "listed",
    [
        Contents(embeddings=("gone/1",)),
        Contents(frames=RATE + 1, sample_rate=RATE),
    ],
)
def test_a_listing_that_promises_more_than_the_file_has_is_told(path: Path, listed: Contents) -> None:
    arrays = arrays_in(path, "me", listed)
    with pytest.raises(VoiceChanged):
        _ = arrays.reference.samples if listed.frames else arrays.embeddings["gone/1"]["x"]


def test_a_file_of_another_voice_is_never_taken_for_the_one_listed(path: Path) -> None:
    arrays = arrays_in(path, "somebody", Contents(embeddings=("tone/1",)))
    with pytest.raises(VoiceChanged):
        _ = arrays.embeddings["tone/1"]["f0_hz"]


@pytest.mark.parametrize("what", ["missing", "folder", "pipe", "empty", "too large", "text"])
def test_what_is_no_voice_file_is_refused_at_once(tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "it.safetensors"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what != "missing":
        path.write_bytes(b"" if what == "empty" else b"text" * 10)
    if what == "too large":
        monkeypatch.setattr(mapped, "MAX_FILE_BYTES", 10)
    with pytest.raises(InvalidVoiceFile, match=r"'it\.safetensors'"):
        open_voice(path)
