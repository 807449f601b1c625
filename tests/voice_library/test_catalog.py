from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from voice_library.catalog import Catalog, profiles_of, read_catalog, voice_of
from voice_library.embedding_file import write_voice
from voice_library.errors import InvalidCatalog, InvalidVoiceFile
from voice_library.voice import Effects, Voice

VOICE: dict[str, Any] = {
    "id": "test-voice",
    "names": ["Test"],
    "language": "ht",
    "gender": "male",
    "tier": "standard",
}
PROFILE: dict[str, Any] = {"id": "deep", "names": ["Deep"], "voice": "test-voice"}


def voices_of(catalog: Catalog, folder: Path) -> tuple[Voice, ...]:
    return tuple(voice_of(entry, folder) for entry in catalog.voices)


def write(folder: Path, *voices: dict[str, Any], profiles: tuple[dict[str, Any], ...] = ()) -> Path:
    catalog = {"format_version": 1, "voices": list(voices), "profiles": list(profiles)}
    (folder / "catalog.json").write_text(json.dumps(catalog), encoding="utf-8")
    return folder


def test_a_voice_and_a_profile_are_read_as_written(tmp_path: Path) -> None:
    engines = {"espeak": {"voice": "ht", "pitch": 40}}
    deep = PROFILE | {"effects": {"pitch_semitones": -2, "speed": 0.95}, "options": {"exaggeration": 0.4}}
    folder = write(tmp_path, VOICE | {"engines": engines, "aliases": ["onyx"]}, profiles=(deep,))
    catalog = read_catalog(folder)
    (voice,), (profile,) = voices_of(catalog, folder), profiles_of(catalog)
    assert (voice.id, voice.names, voice.aliases) == ("test-voice", ("Test",), ("onyx",))
    assert voice.engines["espeak"] == engines["espeak"]
    assert profile.effects == Effects(pitch_semitones=-2, speed=0.95)
    assert profile.options == {"exaggeration": 0.4}


def test_a_file_brings_recording_and_embeddings_and_the_texts_left_empty(voice: Voice, tmp_path: Path) -> None:
    write_voice(tmp_path / "v.safetensors", voice)
    folder = write(tmp_path, VOICE | {"file": "v.safetensors", "licence": "CC0-1.0"})
    (read,) = voices_of(read_catalog(folder), folder)
    assert read.reference is not None
    assert read.embeddings.keys() == voice.embeddings.keys()
    assert (read.language, read.names) == ("ht", ("Test",))
    assert (read.licence, read.consent) == ("CC0-1.0", voice.consent)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"id": "../x"}, r"voices\.0\.id"),
        ({"colour": "red"}, r"voices\.0\.colour"),
        ({"gender": "robot"}, r"voices\.0\.gender"),
        ({"language": "english"}, r"voices\.0\.language"),
        ({"names": []}, r"voices\.0\.names"),
        ({"names": "Test"}, r"voices\.0\.names"),
        ({"names": ["a\nb"]}, "cannot be printed"),
        ({"engines": {"espeak": {"pitch": [1]}}}, r"voices\.0\.engines"),
        ({"engines": {"espeak": {"pitch": True}}}, r"voices\.0\.engines"),
        ({"file": "../v.safetensors"}, r"voices\.0\.file"),
        ({"file": "/etc/passwd"}, r"voices\.0\.file"),
        ({"file": "v.safetensors\x00.txt"}, r"voices\.0\.file"),
        ({"file": "v.pt"}, r"voices\.0\.file"),
    ],
    ids=repr,
)
def test_a_malformed_voice_is_refused_and_located(change: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidCatalog, match=complaint):
        read_catalog(write(tmp_path, VOICE | change))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"effects": {"pitch_semitones": -13}}, "pitch_semitones is outside -12 to 12"),
        ({"effects": {"speed": 0}}, "speed is outside"),
        ({"effects": {"speeed": 1}}, "speeed"),
        ({"options": {"a": [1]}}, "options"),
        ({"voice": "Test Voice"}, r"profiles\.0\.voice"),
    ],
    ids=repr,
)
def test_a_malformed_profile_is_refused_and_located(change: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidCatalog, match=complaint):
        read_catalog(write(tmp_path, VOICE, profiles=(PROFILE | change,)))


@pytest.mark.parametrize(
    ("voices", "profile"),
    [
        ((VOICE, VOICE), PROFILE),
        ((VOICE, VOICE | {"id": "test_voice"}), PROFILE),
        ((VOICE,), PROFILE | {"id": "test-voice"}),
        ((VOICE, VOICE | {"id": "b", "aliases": ["Test Voice"]}), PROFILE),
        ((VOICE | {"aliases": ["test-voice"]},), PROFILE),
    ],
)
def test_an_id_or_alias_used_twice_is_named(voices: Any, profile: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidCatalog, match="more than once: 'test-voice'"):
        read_catalog(write(tmp_path, *voices, profiles=(profile,)))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not JSON: line 1"),
        ("[]", "Input should be an object"),
        ('{"format_version": 1, "voices": [], "voices": []}', "the same key twice"),
        ('{"format_version": 2}', "format_version"),
        ('{"format_version": 1, "extra": 1}', "extra"),
        ("[" * 100_000, "nested too deep"),
        (" " * (32 * 2**20 + 1), "larger than 32 MiB"),
    ],
    ids=["empty", "list", "duplicate", "version", "extra", "deep", "large"],
)
def test_a_malformed_catalogue_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "catalog.json").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidCatalog, match=complaint):
        read_catalog(tmp_path)


def test_a_missing_catalogue_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidCatalog, match=r"catalog\.json cannot be read") as caught:
        read_catalog(tmp_path)
    assert str(tmp_path) not in str(caught.value)


def test_a_link_that_leads_out_of_the_folder_is_refused(voice: Voice, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    write_voice(tmp_path / "outside.safetensors", voice)
    (inside / "v.safetensors").symlink_to(tmp_path / "outside.safetensors")
    folder = write(inside, VOICE | {"file": "v.safetensors"})
    with pytest.raises(InvalidVoiceFile, match="leads out of the folder"):
        voices_of(read_catalog(folder), folder)


def test_a_folder_may_itself_be_a_link(voice: Voice, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_voice(tmp_path / "real" / "v.safetensors", voice)
    folder = write(tmp_path / "link", VOICE | {"file": "v.safetensors"})
    assert voices_of(read_catalog(folder), folder)[0].reference is not None


def test_a_file_of_another_voice_is_refused(voice: Voice, tmp_path: Path) -> None:
    write_voice(tmp_path / "v.safetensors", dataclasses.replace(voice, id="somebody"))
    folder = write(tmp_path, VOICE | {"file": "v.safetensors"})
    with pytest.raises(InvalidCatalog, match="holds the voice 'somebody', not 'test-voice'"):
        voices_of(read_catalog(folder), folder)


def test_a_missing_voice_file_is_an_error_and_not_a_voice_less(tmp_path: Path) -> None:
    folder = write(tmp_path, VOICE | {"file": "v.safetensors"})
    with pytest.raises(InvalidVoiceFile, match=r"v\.safetensors"):
        voices_of(read_catalog(folder), folder)
