"""What is on record of voices: found, shown, renamed, tagged and removed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.builder.voices.conftest import ON_RECORD, Tool
from tests.builder.voices.legacy.older_worker import fields
from tests.builder.voices.legacy.older_worker import put as put_file
from tests.builder.voices.recording.speech import spoken
from voice_library.catalog import read_catalog
from voice_library.embedding_file import read_voice


@pytest.mark.parametrize(
    ("flags", "ids"),
    [
        (("--tag", "sample", "--language", "ht"), ["sample-jozef", "sample-nadege"]),
        (("--language", "fr-FR", "--gender", "male"), ["antoine", "sample-emile"]),
        (("--search", "chlo"), ["sample-chloe"]),
        (("--search", "nobody"), []),
    ],
)
def test_a_list_holds_those_that_fit(tool: Tool, flags: tuple[str, ...], ids: list[str]) -> None:
    assert [row["id"] for row in tool("list", *flags)] == ids


def test_a_list_for_people_has_a_line_for_each(tool: Tool) -> None:
    heading, *lines = tool.text("list", "--tag", "sample").splitlines()
    assert heading.split()[:4] == ["id", "names", "language", "gender"]
    assert len(lines) == 8
    assert "tone/1" in lines[0]


def test_show_tells_arrays_and_report_and_draws_the_recording(tool: Tool, tmp_path: Path) -> None:
    told = tool("show", "Grace", "--png", tmp_path / "grace.png")
    assert told["embeddings"] == {"tone/1": [{"array": "f0_hz", "kind": "float32", "shape": [1], "bytes": 4}]}
    assert told["report"]["severity"] == "fine"
    assert told["size_bytes"] == tool.file("sample-grace").stat().st_size
    assert (tmp_path / "grace.png").read_bytes().startswith(b"\x89PNG")
    assert "f0_hz" in tool.text("show", "Grace", "--no-png")
    assert tool("show", "sarah")["picture"] is None


@pytest.mark.parametrize("command", ["show", "tag", "remove", "preview", "bake"])
def test_a_slip_of_the_pen_suggests_who_was_meant(tool: Tool, command: str) -> None:
    tool(command, "sample-grase", code=1)
    assert "did you mean 'sample-grace'" in tool.told


def test_a_profile_is_not_taken_for_its_voice(tool: Tool) -> None:
    tool("tag", "creole-narrator", "--add", "x", code=1)
    assert "profile of the voice 'kreyol'" in tool.told


def test_a_renamed_voice_keeps_its_place_its_arrays_and_its_profiles(tool: Tool) -> None:
    before, ids = read_voice(tool.file("sample-grace")), tool.ids()
    tool("rename", "sample-grace", "--id", "grace", "--name", "Gràce", "--keep-alias")
    tool("rename", "kreyol", "--id", "ayiti")
    after = read_voice(tool.file("grace"))
    assert (after.id, after.names, after.aliases) == ("grace", ("Gràce",), ("sample-grace",))
    assert after.reference.digest == before.reference.digest
    assert after.embeddings["tone/1"].digest == before.embeddings["tone/1"].digest
    assert not tool.file("sample-grace").exists()
    assert tool.ids() == ["grace" if each == "sample-grace" else "ayiti" if each == "kreyol" else each for each in ids]
    assert {profile.voice for profile in read_catalog(tool.folder).profiles} == {"ayiti"}
    assert tool("verify") == []


@pytest.mark.parametrize(("name", "code"), [("sample-henry", 1), ("nova", 1), ("tone-x", 1), ("../x", 2), ("A", 2)])
def test_a_name_that_is_taken_or_none_changes_nothing(tool: Tool, name: str, code: int) -> None:
    before = {path.name: path.read_bytes() for path in tool.folder.iterdir()}
    tool("rename", "sample-grace", "--id", name, code=code)
    assert {path.name: path.read_bytes() for path in tool.folder.iterdir()} == before


def test_tags_and_the_rest_are_in_file_and_catalogue(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "words.json").write_text(json.dumps({"GIF": "jif"}))
    tool("tag", "sample-grace", "--add", "warm", "--remove", "sample", "--alias", "gracie", "--language", "en-gb",
         "--gender", "neutral", "--licence", "ours", "--consent", "hers", "--options", '{"exaggeration": 0.7}',
         "--lexicon", tmp_path / "words.json")  # fmt: skip
    voice = read_voice(tool.file("sample-grace"))
    assert (voice.tags, voice.aliases, voice.language, voice.gender) == (("warm",), ("gracie",), "en-GB", "neutral")
    assert (voice.licence, voice.consent, voice.source) == ("ours", "hers", "espeak-ng 1.52")
    assert (dict(voice.options), dict(voice.lexicon)) == ({"exaggeration": 0.7}, {"GIF": "jif"})
    assert tool("verify") == [], "the catalogue says the same"


def test_an_alias_that_is_anothers_is_refused_before_anything_is_written(tool: Tool) -> None:
    before = {path.name: path.read_bytes() for path in tool.folder.iterdir()}
    for alias in ("nova", "sample-grace", "creole-narrator"):
        tool("tag", "sample-grace", "--alias", alias, code=1)
    assert {path.name: path.read_bytes() for path in tool.folder.iterdir()} == before


@pytest.mark.parametrize(
    "flags",
    [("--options", "[]"), ("--options", '{"exaggeratoin": 1}'), ("--lexicon", "missing.json"), ("--language", "?")],
)
def test_what_no_worker_would_take_is_refused(tool: Tool, flags: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as ended:
        tool("tag", "sample-grace", *flags)
    assert ended.value.code == 2


def test_removing_asks_and_spares_what_profiles_need(tool: Tool) -> None:
    tool("remove", "sample-grace", code=2)
    assert "--yes" in tool.told
    tool("remove", "sample-grace", "kreyol", "--yes", code=1)
    assert "creole-narrator" in tool.told
    assert len(tool.ids()) == 23
    gone = tool("remove", "sample-grace", "kreyol", "--yes", "--with-profiles")
    assert len(gone["profiles"]) == 4
    assert not tool.file("sample-grace").exists()
    assert len(tool.ids()) == 21
    assert tool("verify") == []


def test_a_preview_is_a_file_of_the_kind_its_name_says(tool: Tool, tmp_path: Path) -> None:
    told = tool("preview", "Nadège", "--engine", "tone", "--out", tmp_path / "said.flac")
    assert (told["voice"], told["engine"]) == ("sample-nadege", "tone")
    assert (tmp_path / "said.flac").read_bytes().startswith(b"fLaC")
    tool("preview", "sarah", "--out", tmp_path / "said.doc", code=1)
    assert "no format" in tool.told


def test_the_voices_of_an_older_worker_come_with_a_line_for_each_file(empty: Tool, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    put_file(old, "Marie Claire.pkl.gz", fields(audio=spoken().samples, sample_rate=spoken().sample_rate))
    put_file(old, "cut.pkl", fields(audio=np.zeros(10, dtype=np.float32)))
    put_file(old, "evil.pkl", b"cos\nsystem\n(S'true'\ntR.")
    rows = empty("import-legacy", old, *ON_RECORD, code=1)
    assert {row["file"]: row["status"] for row in rows} == {
        "Marie Claire.pkl.gz": "version 1", "cut.pkl": "refused", "evil.pkl": "refused",
    }  # fmt: skip
    voice = read_voice(empty.file("marie-claire"))
    assert (voice.names, voice.language, voice.licence) == (("Marie Claire",), "en-US", "ours")
    assert 10 <= voice.reference.duration_sec <= 15
    assert empty("verify") == []
    empty("import-legacy", old, *ON_RECORD, code=1)
    assert empty.ids() == ["marie-claire"]


def test_without_a_language_a_legacy_voice_is_refused_and_the_flag_named(empty: Tool, tmp_path: Path) -> None:
    put_file(tmp_path, "marie.pkl", fields(audio=spoken().samples, sample_rate=spoken().sample_rate))
    [row] = empty("import-legacy", tmp_path, "--licence", "ours", "--no-consent", code=1)
    assert "--language and --gender" in row["problem"]


def test_the_folder_is_that_of_the_environment_unless_another_is_named(
    tool: Tool, capsys: pytest.CaptureFixture[str]
) -> None:
    from builder.voices.__main__ import main

    assert main(["list", "--json"], {"TTS_VOICES_DIR": str(tool.folder)}) == 0
    assert len(json.loads(capsys.readouterr().out)) == 23
    assert main(["list"], {"TTS_VOICE_DIR": "x"}) == 1
    assert "did you mean TTS_VOICES_DIR" in capsys.readouterr().err
    assert main(["list", "--folder", "/no/such"], {}) == 1
    assert "there is no folder" in capsys.readouterr().err
