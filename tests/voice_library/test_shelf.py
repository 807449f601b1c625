"""The shelf: voices come in while others read, and no reader sees half of it."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from voice_library.embedding_file import read_voice, write_voice
from voice_library.errors import (
    InvalidCatalog,
    InvalidVoiceFile,
    NameTaken,
    NotRemovable,
    StoreUnavailable,
    UnknownVoice,
)
from voice_library.library import VoiceLibrary
from voice_library.shelf import Shelf
from voice_library.store import FolderStore, Kept
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
    return Shelf(LIBRARY, FolderStore(tmp_path))


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
    assert [path.name for path in tmp_path.glob("*.safetensors")] == ["my_voice.safetensors"]


def test_a_store_is_read_and_what_is_wrong_in_it_is_told_once(shelf: Shelf, tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_voice(tmp_path / f"{name}.safetensors", made(name))
    write_voice(tmp_path / "nova.safetensors", made("nova"))
    write_voice(tmp_path / "c.safetensors", made("d"))
    write_voice(tmp_path / "my-voice.safetensors", made("my-voice"))
    write_voice(tmp_path / "No Id.safetensors", made("me"))
    (tmp_path / "bad.safetensors").write_bytes(b"bad")
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / ".a.safetensors.123.tmp").write_bytes(b"half")
    told = sorted((type(problem).__name__, str(problem)[:20]) for problem in shelf.refresh())
    assert [kind for kind, _ in told] == ["InvalidVoiceFile"] * 4 + ["NameTaken"], told
    assert [voice.id for voice in shelf.library.voices] == ["sarah", "a", "b", "my-voice"]
    assert shelf.refresh() == []
    write_voice(tmp_path / "bad.safetensors", made("bad"))
    assert shelf.refresh() == []
    assert shelf.library.find("bad").id == "bad"


def test_two_spellings_of_one_name_are_told_and_the_first_stays(shelf: Shelf, tmp_path: Path) -> None:
    for name in ("my-voice", "my_voice"):
        write_voice(tmp_path / f"{name}.safetensors", made(name))
    (told,) = shelf.refresh()
    assert "one name" in str(told)
    for _ in range(3):
        assert shelf.refresh() == []
        assert shelf.library.find("my voice").id == "my-voice"


def test_what_may_go_well_another_time_is_tried_again(tmp_path: Path) -> None:
    class Troubled(FolderStore):
        def open(self, voice_id: str) -> Kept | None:
            if trouble:
                raise trouble.pop()
            return super().open(voice_id)

    trouble = [StoreUnavailable("out of reach")]
    shelf = Shelf(LIBRARY, Troubled(tmp_path))
    write_voice(tmp_path / "me.safetensors", made("me"))
    assert shelf.refresh() != []
    assert shelf.refresh() == []
    assert shelf.library.find("me").id == "me"


def test_a_refresh_keeps_what_is_the_same_and_takes_what_was_replaced_or_removed(shelf: Shelf, tmp_path: Path) -> None:
    for name in ("stays", "changes", "goes"):
        write_voice(tmp_path / f"{name}.safetensors", made(name))
    shelf.refresh()
    before = shelf.library
    write_voice(tmp_path / "changes.safetensors", made("changes", value=0.2))
    (tmp_path / "goes.safetensors").unlink()
    shelf.refresh()
    assert shelf.library.find("stays") is before.find("stays")
    assert shelf.library.find("changes").embeddings["tone/1"]["f0_hz"] == np.float32(0.2)
    with pytest.raises(UnknownVoice):
        shelf.library.find("goes")
    unchanged = shelf.library
    shelf.refresh()
    assert shelf.library is unchanged


def test_a_voice_that_another_worker_saved_is_found_at_once_as_it_is_now(shelf: Shelf, tmp_path: Path) -> None:
    other = Shelf(LIBRARY, FolderStore(tmp_path))
    other.save(made("aunt-mary"), replaces=False)
    found = shelf.find("Aunt Mary")
    assert found.id == "aunt-mary"
    assert shelf.find("aunt-mary") is found
    other.save(made("aunt-mary", value=0.2), replaces=True)
    again = shelf.find("aunt-mary")
    assert again.version == 2
    assert again.embeddings["tone/1"]["f0_hz"] == np.float32(0.2)
    assert other.remove("aunt-mary")
    with pytest.raises(UnknownVoice):
        shelf.find("aunt-mary")
    with pytest.raises(UnknownVoice):
        shelf.library.find("aunt-mary")


def test_a_damaged_file_is_told_to_the_one_who_asks_for_it(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "me.safetensors").write_bytes(b"bad")
    with pytest.raises(InvalidVoiceFile, match=r"me\.safetensors"):
        shelf.find("me")


def test_two_shelves_that_save_one_name_at_a_time_leave_one_whole_voice_of_the_last_version(tmp_path: Path) -> None:
    shelves = [Shelf(LIBRARY, FolderStore(tmp_path)) for _ in range(4)]
    saves = 10

    def save(number: int) -> None:
        for count in range(saves):
            shelves[number].save(made("me", value=0.01 * (number * saves + count + 1)), replaces=True)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_voice(tmp_path / "me.safetensors").version == 4 * saves
    assert {shelf.find("me").version for shelf in shelves} == {4 * saves}


def test_only_saved_voices_are_removed(shelf: Shelf, tmp_path: Path) -> None:
    shelf.save(made("me"), replaces=False)
    with pytest.raises(NotRemovable, match="'sarah'"):
        shelf.remove("sarah")
    (tmp_path / "me.safetensors").unlink()
    assert not shelf.remove("me")
    (tmp_path / "bad.safetensors").write_bytes(b"bad")
    assert shelf.remove("bad")
    assert [voice.id for voice in shelf.library.voices] == ["sarah"]


def test_another_library_takes_the_place_of_the_given_one_and_tells_whom_it_pushes_out(shelf: Shelf) -> None:
    for name in ("me", "anna"):
        shelf.save(made(name), replaces=False)
    shelf.contribute([made("tone-x")])
    (told,) = shelf.restock(VoiceLibrary(voices=(made("anna"),)))
    assert "'anna'" in str(told)
    assert [voice.id for voice in shelf.library.voices] == ["anna", "tone-x", "me"]
    before = shelf.library
    with pytest.raises(InvalidCatalog):
        shelf.restock(VoiceLibrary(voices=(made("tone-x"),)))
    assert shelf.library is before


def test_a_voice_that_a_catalogue_beside_it_lists_is_no_saved_one(tmp_path: Path) -> None:
    write_voice(tmp_path / "anna.safetensors", made("anna"))
    write_voice(tmp_path / "me.safetensors", made("me"))
    shelf = Shelf(VoiceLibrary(voices=(made("anna"),)), FolderStore(tmp_path), listed=["anna"])
    assert shelf.refresh() == []
    assert [shelf.is_saved(voice) for voice in shelf.library.voices] == [False, True]
    with pytest.raises(NameTaken):
        shelf.save(made("anna", value=0.3), replaces=True)


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        Shelf(LIBRARY, FolderStore(path)).refresh()
    assert Shelf(LIBRARY, FolderStore(tmp_path / "missing")).refresh() == []


def test_a_damaged_file_of_that_name_is_told_rather_than_overwritten(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "me.safetensors").write_bytes(b"bad")
    with pytest.raises(InvalidVoiceFile):
        shelf.save(made("me"), replaces=False)
    assert shelf.save(made("me"), replaces=True).id == "me"


def test_a_shelf_without_a_store_saves_nothing() -> None:
    with pytest.raises(ValueError, match="store"):
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
