"""A folder of voices that changes while it is used."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from voice_library import folder as folder_module
from voice_library.catalog import Catalog, FileContents, ProfileEntry, VoiceEntry, read_catalog, write_catalog
from voice_library.embedding_file import write_voice
from voice_library.errors import InvalidCatalog, VoiceChanged
from voice_library.folder import CatalogueFolder
from voice_library.voice import Embedding, Reference, Voice


def made(voice_id: str, value: float = 0.1) -> Voice:
    return Voice(
        id=voice_id,
        names=(voice_id,),
        language="en",
        gender="neutral",
        reference=Reference(samples=np.full(8000, value, dtype=np.float32), sample_rate=8000),
        embeddings={"tone/1": Embedding({"f0_hz": np.float32([value])})},
        licence="CC0-1.0",
    )


def entry(folder: Path, voice: Voice, *, indexed: bool = True) -> VoiceEntry:
    path = folder / f"{voice.id}.safetensors"
    write_voice(path, voice)
    data = path.read_bytes()
    contents = FileContents(
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        embeddings=tuple(sorted(voice.embeddings)),
        frames=len(voice.reference.samples),
        sample_rate=voice.reference.sample_rate,
    )
    return VoiceEntry(
        id=voice.id,
        names=voice.names,
        language=voice.language,
        gender=voice.gender,
        tier=voice.tier,
        file=path.name,
        contents=contents if indexed else None,
    )


def catalogue(folder: Path, *entries: VoiceEntry, profiles: tuple[ProfileEntry, ...] = ()) -> None:
    write_catalog(folder, Catalog(format_version=1, voices=entries, profiles=profiles))


def test_a_catalogue_is_read_as_it_was_written(tmp_path: Path) -> None:
    anna = entry(tmp_path, made("anna")).model_copy(
        update={"aliases": ("nova",), "lexicon": {"GIF": "jif"}, "options": {"temperature": 0.5}, "tags": ("warm",)}
    )
    deep = ProfileEntry(id="deep", names=("Grav\u00e8",), voice="anna", options={"exaggeration": 0.4})
    catalogue(tmp_path, anna, entry(tmp_path, made("ben")), profiles=(deep,))
    read = read_catalog(tmp_path)
    assert (read.voices[0], read.profiles) == (anna, (deep,))
    assert (tmp_path / "catalog.json").read_text().count("\n") == 10  # an entry to a line


def test_a_catalogue_that_contradicts_itself_is_not_written(tmp_path: Path) -> None:
    anna = entry(tmp_path, made("anna"))
    catalogue(tmp_path, anna)
    before = (tmp_path / "catalog.json").read_bytes()
    with pytest.raises(InvalidCatalog, match="more than once"):
        catalogue(tmp_path, anna, anna)
    assert (tmp_path / "catalog.json").read_bytes() == before


def test_what_the_catalogue_tells_of_a_file_is_not_looked_up_in_it(tmp_path: Path) -> None:
    catalogue(tmp_path, entry(tmp_path, made("anna")))
    (tmp_path / "anna.safetensors").unlink()
    (voice,) = CatalogueFolder(tmp_path).read().voices
    assert voice.embeddings.keys() == {"tone/1"}
    assert voice.reference.duration_sec == 1.0
    with pytest.raises(VoiceChanged):
        _ = voice.reference.samples


def test_nothing_is_read_while_nothing_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue(tmp_path, entry(tmp_path, made("anna")), entry(tmp_path, made("ben"), indexed=False))
    folder = CatalogueFolder(tmp_path)
    before = folder.read()
    monkeypatch.setattr(folder_module, "read_catalog", lambda _: pytest.fail("read again"))
    assert folder.read() is before


def test_a_voice_whose_entry_stays_is_the_same_as_before(tmp_path: Path) -> None:
    anna, ben = (entry(tmp_path, made(name)) for name in ("anna", "ben"))
    catalogue(tmp_path, anna, ben)
    folder = CatalogueFolder(tmp_path)
    before = folder.read()
    catalogue(tmp_path, entry(tmp_path, made("cleo")), anna, entry(tmp_path, made("ben", 0.2)))
    cleo, still, changed = folder.read().voices
    assert (cleo.id, still) == ("cleo", before.voices[0])
    assert changed is not before.voices[1]
    assert changed.embeddings["tone/1"]["f0_hz"] == np.float32(0.2)


def test_a_file_that_the_catalogue_tells_nothing_of_is_followed_itself(tmp_path: Path) -> None:
    catalogue(tmp_path, entry(tmp_path, made("anna"), indexed=False))
    folder = CatalogueFolder(tmp_path)
    (before,) = folder.read().voices
    assert before.licence == "CC0-1.0"
    write_voice(tmp_path / "anna.safetensors", replace(made("anna", 0.2), licence="MIT"))
    (after,) = folder.read().voices
    assert (after.licence, float(after.embeddings["tone/1"]["f0_hz"][0])) == ("MIT", pytest.approx(0.2))


def test_a_catalogue_that_became_wrong_is_told_until_it_is_mended(tmp_path: Path) -> None:
    catalogue(tmp_path, entry(tmp_path, made("anna")))
    folder = CatalogueFolder(tmp_path)
    whole, text = folder.read(), (tmp_path / "catalog.json").read_text()
    (tmp_path / "catalog.json").write_text(text[:-20])
    for _ in range(2):
        with pytest.raises(InvalidCatalog):
            folder.read()
    (tmp_path / "catalog.json").write_text(text)
    assert folder.read().voices == whole.voices


def test_a_folder_may_be_without_a_catalogue_where_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidCatalog):
        CatalogueFolder(tmp_path).read()
    folder = CatalogueFolder(tmp_path, may_be_missing=True)
    assert folder.read().voices == ()
    catalogue(tmp_path, entry(tmp_path, made("anna")))
    assert len(folder.read().voices) == 1
    (tmp_path / "catalog.json").unlink()
    assert folder.read().voices == ()
