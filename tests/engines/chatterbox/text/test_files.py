"""Wrong or missing tokenizer files are an engine that is not available, and the message names the file."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from worker.engines.chatterbox.member import MEMBERS, Member
from worker.engines.chatterbox.text.tokenizer import load
from worker.errors import EngineUnavailable

Folders = Callable[[str], Path]
FILES = [(name, file) for name in ("original", "multilingual", "turbo") for file in MEMBERS[name].tokenizer_files]
JSON_FILES = [(name, file) for name, file in FILES if file.endswith(".json")]


@pytest.fixture
def copied(folders: Folders, tmp_path: Path) -> Callable[[str], tuple[Member, Path]]:
    def copy(name: str) -> tuple[Member, Path]:
        shutil.copytree(folders(name), tmp_path / name)
        return MEMBERS[name], tmp_path / name

    return copy


Copied = Callable[[str], tuple[Member, Path]]


@pytest.mark.parametrize(("name", "file"), FILES)
def test_a_missing_file_is_named(name: str, file: str, copied: Copied) -> None:
    member, folder = copied(name)
    (folder / file).unlink()
    with pytest.raises(EngineUnavailable, match=f"{re.escape(file)} is missing"):
        load(member, folder)


@pytest.mark.parametrize(("name", "file"), JSON_FILES)
@pytest.mark.parametrize("content", [b"", b"not json", b"\xff\xfe\x00", b"[" * 100_000])
def test_a_file_that_is_not_json_is_named(name: str, file: str, content: bytes, copied: Copied) -> None:
    member, folder = copied(name)
    (folder / file).write_bytes(content)
    with pytest.raises(EngineUnavailable, match=f"{re.escape(file)} is damaged"):
        load(member, folder)


@pytest.mark.parametrize(("name", "file"), FILES)
def test_a_folder_in_the_place_of_a_file_is_named(name: str, file: str, copied: Copied) -> None:
    member, folder = copied(name)
    (folder / file).unlink()
    (folder / file).mkdir()
    with pytest.raises(EngineUnavailable, match=f"{re.escape(file)} cannot be read"):
        load(member, folder)


@pytest.mark.parametrize("name", ["original", "multilingual", "turbo"])
@pytest.mark.parametrize("content", ["{}", "[]", "null", '{"model": 1}'])
def test_json_that_is_no_tokenizer_is_refused(name: str, content: str, copied: Copied) -> None:
    member, folder = copied(name)
    file = "vocab.json" if name == "turbo" else member.tokenizer_files[0]
    (folder / file).write_text(content)
    with pytest.raises(EngineUnavailable, match=re.escape(member.tokenizer_files[0])):
        load(member, folder)


@pytest.mark.parametrize("content", ["", "\n", "#version: 0.2\n", "#version: 0.2\nq\n", "#version: 0.2\nqq zz\n"])
def test_merges_that_are_none_are_refused(content: str, copied: Copied) -> None:
    member, folder = copied("turbo")
    (folder / "merges.txt").write_text(content)
    with pytest.raises(EngineUnavailable, match=r"merges\.txt is damaged|tokenizer_config\.json, or a file"):
        load(member, folder)


@pytest.mark.parametrize("name", ["original", "multilingual"])
@pytest.mark.parametrize("token", ["[START]", "[STOP]"])
def test_a_tokenizer_without_start_or_stop_is_refused(name: str, token: str, copied: Copied) -> None:
    member, folder = copied(name)
    _edit(folder / member.tokenizer_files[0], lambda content: content.replace(token, "[OTHER]"))
    with pytest.raises(EngineUnavailable, match=re.escape(f"{member.tokenizer_files[0]} has no token {token}")):
        load(member, folder)


@pytest.mark.parametrize("name", ["original", "multilingual"])
def test_ids_beyond_the_members_table_are_refused(name: str, copied: Copied) -> None:
    member, folder = copied(name)
    table = json.loads((folder / member.tokenizer_files[0]).read_text(encoding="utf-8"))
    largest = max(table["model"]["vocab"].values())
    assert load(replace(member, text_vocabulary=largest + 1), folder)
    with pytest.raises(EngineUnavailable, match=rf"{re.escape(member.tokenizer_files[0])} has ids up to {largest}\b"):
        load(replace(member, text_vocabulary=largest), folder)


def test_the_multilingual_files_are_refused_for_the_original(copied: Copied) -> None:
    _, folder = copied("multilingual")
    (folder / MEMBERS["multilingual"].tokenizer_files[0]).rename(folder / "tokenizer.json")
    with pytest.raises(EngineUnavailable, match="ids up to"):
        load(MEMBERS["original"], folder)


def test_turbos_table_is_exactly_as_long_as_it_should_be(copied: Copied) -> None:
    member, folder = copied("turbo")
    _edit(folder / "vocab.json", lambda content: content.replace(',"~0":', ',"~00":', 1))
    assert load(member, folder)
    for change in (-1, 1):
        with pytest.raises(EngineUnavailable, match=r"ids up to 50275|have 50276 tokens"):
            load(replace(member, text_vocabulary=member.text_vocabulary + change), folder)


def test_a_tag_without_a_token_is_named(copied: Copied) -> None:
    member, folder = copied("turbo")
    for file in ("added_tokens.json", "tokenizer_config.json"):
        _edit(folder / file, lambda content: content.replace("[sigh]", "[sight]"))
    with pytest.raises(EngineUnavailable, match=r"no token \[sigh\]"):
        load(member, folder)


@pytest.mark.parametrize("content", ["{}", "null", "[1]", '["\u65e5"]', '"x"'])
def test_a_cangjie_table_that_is_none_is_named(content: str, copied: Copied) -> None:
    member, folder = copied("multilingual")
    (folder / "Cangjie5_TC.json").write_text(content, encoding="utf-8")
    with pytest.raises(EngineUnavailable, match=r"Cangjie5_TC\.json"):
        load(member, folder)


def test_a_table_that_says_to_cut_long_texts_cuts_none(copied: Copied) -> None:
    member, folder = copied("original")
    whole = load(member, folder).ids("the end " * 20, "en")
    table = json.loads((folder / "tokenizer.json").read_text())
    table["truncation"] = {"direction": "Right", "max_length": 5, "strategy": "LongestFirst", "stride": 0}
    (folder / "tokenizer.json").write_text(json.dumps(table))
    assert load(member, folder).ids("the end " * 20, "en") == whole


def test_a_message_holds_no_path(copied: Copied) -> None:
    member, folder = copied("original")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(EngineUnavailable) as caught:
        load(member, folder)
    assert os.sep not in str(caught.value)


def _edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
