"""The shelf: voices come in while others read, and no reader sees half of it."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from voice_library.embedding_file import read_voice, write_voice
from voice_library.errors import InvalidVoiceFile, NameTaken, UnknownVoice
from voice_library.library import VoiceLibrary
from voice_library.shelf import Shelf
from voice_library.voice import Embedding, Profile, Reference, Voice

LIBRARY = VoiceLibrary(
    voices=(Voice(id="sarah", names=("Sarah",), language="en-US", gender="female", aliases=("nova",)),),
    profiles=(Profile(id="deep", names=("Deep",), voice="sarah"),),
)


def made(voice_id: str, *, value: float = 0.1, key: str = "tone/1") -> Voice:
    return Voice(
        id=voice_id,
        names=(voice_id,),
        language="en",
        gender="neutral",
        reference=Reference(samples=np.full(8000, value, dtype=np.float32), sample_rate=8000),
        embeddings={key: Embedding({"f0_hz": np.float32([value])})},
    )


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(LIBRARY, tmp_path)


def test_who_has_taken_a_library_keeps_it_as_it_was(shelf: Shelf) -> None:
    before = shelf.library
    shelf.save(made("me"), replaces=False)
    assert shelf.library.find("me").id == "me"
    assert shelf.library.profiles == LIBRARY.profiles
    with pytest.raises(UnknownVoice):
        before.find("me")


@pytest.mark.parametrize("name", ["sarah", "nova", "deep"])
def test_a_name_of_the_library_is_taken_for_good(shelf: Shelf, name: str) -> None:
    for replaces in (False, True):
        with pytest.raises(NameTaken, match="library"):
            shelf.save(made(name), replaces=replaces)


def test_the_same_recording_is_kept_once_with_the_embeddings_of_every_engine(shelf: Shelf, tmp_path: Path) -> None:
    shelf.save(made("me"), replaces=False)
    kept = shelf.save(made("me", key="other/1"), replaces=False)
    assert set(kept.embeddings) == {"tone/1", "other/1"}
    assert set(read_voice(tmp_path / "me.safetensors").embeddings) == {"tone/1", "other/1"}


def test_another_recording_needs_leave_to_replace_and_brings_nothing_of_the_old_one(shelf: Shelf) -> None:
    shelf.save(made("me"), replaces=False)
    other = made("me", value=0.2, key="other/1")
    for attempt in (shelf.check, shelf.save):
        with pytest.raises(NameTaken, match="saved before"):
            attempt(other, replaces=False)
    assert set(shelf.save(other, replaces=True).embeddings) == {"other/1"}


def test_ids_that_differ_in_their_separators_are_one_name(shelf: Shelf, tmp_path: Path) -> None:
    shelf.save(made("my_voice"), replaces=False)
    with pytest.raises(NameTaken):
        shelf.check(made("my-voice", value=0.2), replaces=False)
    assert shelf.save(made("my-voice", value=0.2), replaces=True).id == "my_voice"
    assert [path.name for path in tmp_path.iterdir()] == ["my_voice.safetensors"]


def test_a_folder_is_read_and_what_is_wrong_in_it_is_told(shelf: Shelf, tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_voice(tmp_path / f"{name}.safetensors", made(name))
    write_voice(tmp_path / "nova.safetensors", made("nova"))
    (tmp_path / "bad.safetensors").write_bytes(b"bad")
    (tmp_path / "folder.safetensors").mkdir()
    problems = {type(problem) for problem in shelf.load()}
    assert problems == {NameTaken, InvalidVoiceFile}
    assert [voice.id for voice in shelf.library.voices] == ["sarah", "a", "b"]
    assert len(shelf.load()) == 3 + 2  # what is there already is not taken in twice


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    (problem,) = Shelf(LIBRARY, path).load()
    assert "cannot be read" in str(problem)
    assert Shelf(LIBRARY, tmp_path / "missing").load() == []


def test_a_damaged_file_of_that_name_is_told_rather_than_overwritten(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "me.safetensors").write_bytes(b"bad")
    with pytest.raises(InvalidVoiceFile):
        shelf.save(made("me"), replaces=False)
    assert shelf.save(made("me"), replaces=True).id == "me"


def test_a_shelf_without_a_folder_saves_nothing() -> None:
    with pytest.raises(ValueError, match="folder"):
        Shelf(LIBRARY).save(made("me"), replaces=False)


def test_readers_see_every_voice_whole_while_others_are_saved(shelf: Shelf) -> None:
    done = threading.Event()
    seen: list[bool] = []

    def read() -> None:
        while not done.is_set():
            library = shelf.library
            seen.append(all(library.find(voice.id) is voice for voice in library.voices))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(40):
            shelf.save(replace(made(f"me-{number}"), reference=None), replaces=False)
    finally:
        done.set()
        reader.join()
    assert seen
    assert all(seen)
    assert len(shelf.library.voices) == 41
