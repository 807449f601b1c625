"""Bundles carry voices from one library to another byte for byte, and nothing else."""

from __future__ import annotations

import json
import re
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builder.voices.conftest import Tool
from voice_library.catalog import read_catalog

VOICES = ("sample-grace", "sample-jozef", "kreyol")


@pytest.fixture
def bundle(tool: Tool, tmp_path: Path) -> Path:
    tool("export", *VOICES, "--out", tmp_path / "bundle.zip")
    return tmp_path / "bundle.zip"


def test_a_round_trip_is_identical_byte_for_byte(tool: Tool, empty: Tool, bundle: Path, tmp_path: Path) -> None:
    rows = empty("import", bundle)
    assert [row["status"] for row in rows] == ["added"] * 3
    for voice_id in VOICES[:2]:
        assert empty.file(voice_id).read_bytes() == tool.file(voice_id).read_bytes()
    mine, theirs = read_catalog(tool.folder), read_catalog(empty.folder)
    assert {entry.id: entry for entry in theirs.voices}.items() <= {entry.id: entry for entry in mine.voices}.items()
    assert theirs.profiles == mine.profiles, "all of them are of kreyol"
    assert empty("verify") == []
    empty("export", *VOICES, "--out", tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == bundle.read_bytes()


def test_looking_and_exporting_leaves_no_trace_in_a_folder(tool: Tool, tmp_path: Path) -> None:
    (tool.folder / ".lock").unlink()
    before = sorted(tool.folder.iterdir())
    tool("list")
    tool("show", "sample-grace", "--no-png")
    tool("verify")
    tool("export", *VOICES, "--out", tmp_path / "bundle.zip")
    assert sorted(tool.folder.iterdir()) == before


def test_nothing_in_it_is_compressed(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_voices_that_are_there_are_replaced_or_skipped_as_told(tool: Tool, bundle: Path) -> None:
    before = tool.file("sample-grace").read_bytes()
    tool("tag", "sample-grace", "--add", "newer")
    changed = tool.file("sample-grace").read_bytes()
    tool("remove", "sample-jozef", "--yes")
    tool("import", bundle, code=1)
    assert "--replace" in tool.told
    assert "sample-jozef" not in tool.ids()
    rows = tool("import", bundle, "--skip")
    assert [row["status"] for row in rows] == ["skipped", "added", "skipped"]
    assert tool.file("sample-grace").read_bytes() == changed
    tool("import", bundle, "--replace")
    assert tool.file("sample-grace").read_bytes() == before
    assert tool("verify") == []


def test_an_alias_that_is_anothers_keeps_all_of_it_out(tool: Tool, empty: Tool, bundle: Path) -> None:
    empty("import", bundle)
    empty("rename", "sample-grace", "--id", "other")
    empty("remove", "sample-jozef", "kreyol", "--yes", "--with-profiles")
    empty("tag", "other", "--alias", "sample-jozef")
    empty("import", bundle, "--skip", code=1)
    assert "taken by the voice 'other'" in empty.told
    assert empty.ids() == ["other"]


Forge = Callable[[zipfile.ZipFile, zipfile.ZipFile], None]


def copied(source: zipfile.ZipFile, target: zipfile.ZipFile, *, but: str = "") -> None:
    for info in source.infolist():
        if info.filename != but:
            target.writestr(info.filename, source.read(info))


def climbing(source: zipfile.ZipFile, target: zipfile.ZipFile) -> None:
    copied(source, target)
    target.writestr("../climbed.safetensors", b"x")


def climbing_by_the_catalogue(source: zipfile.ZipFile, target: zipfile.ZipFile) -> None:
    catalog = json.loads(source.read("catalog.json"))
    catalog["voices"][0]["file"] = "../climbed.safetensors"
    copied(source, target, but="catalog.json")
    target.writestr("../climbed.safetensors", source.read("sample-grace.safetensors"))
    target.writestr("catalog.json", json.dumps(catalog))


def twice(source: zipfile.ZipFile, target: zipfile.ZipFile) -> None:
    copied(source, target)
    with pytest.warns(UserWarning, match="Duplicate"):
        target.writestr("catalog.json", source.read("catalog.json"))


def linked(source: zipfile.ZipFile, target: zipfile.ZipFile) -> None:
    copied(source, target, but="sample-grace.safetensors")
    link = zipfile.ZipInfo("sample-grace.safetensors")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    target.writestr(link, b"/etc/passwd")


def compressed(source: zipfile.ZipFile, target: zipfile.ZipFile) -> None:
    copied(source, target, but="sample-grace.safetensors")
    target.writestr("sample-grace.safetensors", source.read("sample-grace.safetensors"), zipfile.ZIP_DEFLATED)


def lying(source: zipfile.ZipFile, target: zipfile.ZipFile) -> None:
    copied(source, target)
    info = target.getinfo("sample-grace.safetensors")
    info.file_size = info.compress_size = 60 * 2**20


def huge(source: zipfile.ZipFile, target: zipfile.ZipFile) -> None:
    copied(source, target, but="sample-grace.safetensors")
    target.writestr("sample-grace.safetensors", bytes(65 * 2**20))


def swapped(source: zipfile.ZipFile, target: zipfile.ZipFile) -> None:
    copied(source, target, but="sample-grace.safetensors")
    target.writestr("sample-grace.safetensors", source.read("sample-jozef.safetensors"))


def pickled(source: zipfile.ZipFile, target: zipfile.ZipFile) -> None:
    copied(source, target, but="sample-grace.safetensors")
    target.writestr("sample-grace.safetensors", b"\x80\x04cos\nsystem\n")


def added(source: zipfile.ZipFile, target: zipfile.ZipFile) -> None:
    copied(source, target)
    target.writestr("extra.safetensors", b"x")


def without_a_file(source: zipfile.ZipFile, target: zipfile.ZipFile) -> None:
    copied(source, target, but="sample-grace.safetensors")


def without_a_catalogue(source: zipfile.ZipFile, target: zipfile.ZipFile) -> None:
    copied(source, target, but="catalog.json")


def without_the_voice_of_its_profile(source: zipfile.ZipFile, target: zipfile.ZipFile) -> None:
    catalog = json.loads(source.read("catalog.json"))
    catalog["profiles"][0]["voice"] = "nobody"
    copied(source, target, but="catalog.json")
    target.writestr("catalog.json", json.dumps(catalog))


def with_options_of_no_engine(source: zipfile.ZipFile, target: zipfile.ZipFile) -> None:
    catalog = json.loads(source.read("catalog.json"))
    catalog["voices"][0]["options"] = {"exaggeratoin": 1}
    copied(source, target, but="catalog.json")
    target.writestr("catalog.json", json.dumps(catalog))


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (climbing, "has 1 that it does not"),
        (climbing_by_the_catalogue, "voices.0.file"),
        (twice, "two files of one name"),
        (linked, "a link"),
        (compressed, "are compressed"),
        (lying, "more bytes than it has"),
        (huge, "over 64 MiB"),
        (swapped, "another file than its catalogue tells"),
        (pickled, "pickle"),
        (added, "has 1 that it does not"),
        (without_a_file, "lacks 1"),
        (without_a_catalogue, "has no catalog.json"),
        (without_the_voice_of_its_profile, "a profile without its voice"),
        (with_options_of_no_engine, "none of an engine"),
    ],
)
def test_a_hostile_bundle_writes_nothing_at_all(
    empty: Tool, bundle: Path, tmp_path: Path, forge: Forge, reason: str
) -> None:
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(forged, "w") as target:
        forge(source, target)
    before = sorted(tmp_path.iterdir())
    empty("import", forged, code=1)
    assert re.search(reason, empty.told), empty.told
    assert sorted(tmp_path.iterdir()) == before
    assert not empty.folder.exists()


def test_damaged_archives_are_told_from_bundles(empty: Tool, bundle: Path, tmp_path: Path) -> None:
    whole = bundle.read_bytes()
    flipped = bytearray(whole)
    flipped[200_000] ^= 1
    for content in (b"", b"PK", whole[: len(whole) // 2], whole[:-30], bytes(flipped)):
        (tmp_path / "odd.zip").write_bytes(content)
        empty("import", tmp_path / "odd.zip", code=1)
        assert not empty.folder.exists()
