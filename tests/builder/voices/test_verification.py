"""What is wrong with a library is found, named, and told how to mend."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace

import numpy as np
import pytest

from builder.voices.folder import LibraryFolder
from tests.builder.voices.conftest import Tool
from voice_library.embedding_file import read_voice
from voice_library.voice import Embedding


def problems(tool: Tool, *flags: str) -> dict[str, str]:
    return {row["name"]: row["problem"] for row in tool("verify", *flags, code=1)}


def test_a_good_library_has_no_problems(tool: Tool) -> None:
    assert tool("verify", "--engines", "espeak,tone") == []
    assert "no problems" in tool.told


def test_a_damaged_byte_is_found(tool: Tool) -> None:
    data = bytearray(tool.file("sample-grace").read_bytes())
    data[-1] ^= 1  # within a number of the recording or an embedding
    tool.file("sample-grace").write_bytes(data)
    assert "sha256" in problems(tool)["sample-grace"]


@pytest.mark.parametrize("content", [None, b"", b"\x80\x04pickle", b"cut"])
def test_a_missing_cut_or_foreign_file_is_found(tool: Tool, content: bytes | None) -> None:
    path = tool.file("sample-grace")
    if content is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:5000] if content == b"cut" else content)
    assert "sample-grace" in problems(tool)["sample-grace"]


def test_numbers_that_are_none_are_found(tool: Tool) -> None:
    data = tool.file("sample-grace").read_bytes()
    infinite = np.array([np.inf], dtype="<f4").tobytes()
    tool.file("sample-grace").write_bytes(data[:-4] + infinite)
    assert "NaN or infinity" in problems(tool)["sample-grace"]


def test_embeddings_of_no_revision_that_an_engine_has_are_found(tool: Tool) -> None:
    def edit(voice_id: str, **embeddings: Embedding) -> None:
        found = {f"tone/{key[1:]}": embedding for key, embedding in embeddings.items()}
        LibraryFolder(path=tool.folder).change(voice_id, lambda voice: replace(voice, embeddings=found))

    good = read_voice(tool.file("sample-grace")).embeddings["tone/1"]
    edit("sample-grace", _0=good, _1=good)
    edit("sample-henry")
    edit("sample-lena", _1=Embedding({"other": np.zeros(3)}))
    found = problems(tool, "--engines", "tone")
    assert "another revision" in found["sample-grace"]
    assert "nothing of revision 1" in found["sample-henry"]
    assert "unusable" in found["sample-lena"]
    assert tool("verify") == [], "without engines nobody knows"


def test_what_is_not_on_record_and_what_nobody_lists_is_found(tool: Tool) -> None:
    tool("tag", "sample-grace", "--licence", "")
    tool("tag", "sample-henry", "--no-consent")
    (tool.folder / "notes.txt").write_text("")
    found = problems(tool)
    assert "no licence" in found["sample-grace"]
    assert "no consent" in found["sample-henry"]
    assert "no part of a library" in found["notes.txt"]
    assert len(found) == 3


def test_what_a_killed_writer_left_is_found_once_it_is_old(tool: Tool) -> None:
    left = tool.folder / ".sample-grace.safetensors.0.tmp"
    left.write_bytes(b"half")
    assert tool("verify") == []
    long_ago = time.time() - 3700
    os.utime(left, (long_ago, long_ago))
    assert "left over" in problems(tool)[left.name]


def test_a_catalogue_that_cannot_be_read_is_told(tool: Tool) -> None:
    (tool.folder / "catalog.json").write_text(json.dumps({"format_version": 1, "voices": [{}]}))
    tool("verify", code=1)
    assert "voices: catalog.json: voices.0" in tool.told


def test_what_keeps_a_worker_from_starting_is_found(tool: Tool) -> None:
    catalog = json.loads((tool.folder / "catalog.json").read_text())
    sarah, david, *_ = catalog["voices"]
    sarah["engines"]["espeak"]["voice"] = "klingon"
    david["options"] = {"exaggeratoin": 1}
    catalog["profiles"][0]["voice"] = "nobody"
    (tool.folder / "catalog.json").write_text(json.dumps(catalog))
    found = problems(tool, "--engines", "espeak,tone")
    assert "does not know" in found["sarah"]
    assert "exaggeratoin" in found["david"]
    assert "'nobody' is missing" in found[catalog["profiles"][0]["id"]]
    assert len(found) == 3
