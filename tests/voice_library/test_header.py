from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from voice_library.errors import InvalidVoiceFile
from voice_library.header import read_header


def file_of(header: Mapping[str, object], data: bytes = b"") -> bytes:
    text = json.dumps({"__metadata__": {"a": "b"}, **header}).encode()
    return len(text).to_bytes(8, "little") + text + data


def tensor(dtype: object, shape: object, *offsets: object) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": list(offsets)}


def test_tensors_that_tile_the_file_pass_in_any_order() -> None:
    header = {"b": tensor("F32", [2, 1], 2, 10), "a": tensor("I16", [], 0, 2)}
    assert read_header(file_of(header, bytes(10))).metadata == {"a": "b"}


def test_sixty_four_tensors_pass_and_one_more_does_not() -> None:
    header = {str(i): tensor("U8", [1], i, i + 1) for i in range(64)}
    assert read_header(file_of(header, bytes(64)))
    with pytest.raises(InvalidVoiceFile, match="65 tensors"):
        read_header(file_of(header | {"64": tensor("U8", [1], 64, 65)}, bytes(65)))


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        (tensor("F32", [1], 1, 5), "overlap or leave a gap"),
        (tensor("F32", [1], 0, 8), "do not match its shape"),
        (tensor("F32", [1], 4, 0), "do not match its shape"),
        (tensor("F32", [1], -4, 0), "two offsets"),
        (tensor("F32", [1], 0.0, 4), "two offsets"),
        (tensor("F32", [1], 0, 4, 4), "two offsets"),
        (tensor("F32", [True], 0, 4), "dimensions"),
        (tensor("F32", [-1], 0, 4), "dimensions"),
        (tensor("F32", [0], 0, 0), "none of them zero"),
        (tensor("F32", "1", 0, 4), "dimensions"),
        (tensor("F32", [1] * 5, 0, 4), "at most 4 dimensions"),
        (tensor("F32", [2**40, 2**40], 0, 2**82), "more than"),
        (tensor("BF16", [2], 0, 4), "dtype other than"),
        (tensor("BOOL", [4], 0, 4), "dtype other than"),
        (tensor(["F32"], [1], 0, 4), "dtype other than"),
        (tensor("F32", [1], 0, 4) | {"extra": 1}, "and nothing else"),
        ("F32", "needs dtype"),
        (tensor("F32", [2], 0, 8), "4 bytes are missing"),
        (tensor("I16", [1], 0, 2), "2 bytes that belong to no tensor"),
    ],
)
def test_a_tensor_that_breaks_the_layout_is_refused_by_name_of_the_fault(entry: object, complaint: str) -> None:
    with pytest.raises(InvalidVoiceFile, match=complaint):
        read_header(file_of({"a": entry}, bytes(4)))


def test_a_tensor_name_has_a_limit() -> None:
    assert read_header(file_of({"n" * 200: tensor("U8", [1], 0, 1)}, bytes(1)))
    with pytest.raises(InvalidVoiceFile, match="over 200 characters"):
        read_header(file_of({"n" * 201: tensor("U8", [1], 0, 1)}, bytes(1)))


def test_overlapping_tensors_are_refused() -> None:
    header = {"a": tensor("F32", [2], 0, 8), "b": tensor("F32", [2], 4, 12)}
    with pytest.raises(InvalidVoiceFile, match="overlap"):
        read_header(file_of(header, bytes(12)))


@pytest.mark.parametrize("metadata", [None, [], {"a": 1}, {"a": "x" * 9000}, {"a": "\x00"}, {"a": "\ud800"}])
def test_metadata_are_short_printable_strings(metadata: object) -> None:
    with pytest.raises(InvalidVoiceFile, match="metadata"):
        read_header(file_of({"__metadata__": metadata}))


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "is empty"),
        (b"\x01", "does not begin with a safetensors header"),
        (b"PK\x03\x04" + bytes(99), "zip archive"),
        (b"\x80\x04\x95" + bytes(99), "Python pickle"),
        (b"RIFF\x00\x00\x00\x00WAVE", "WAV file"),
        ((2**63).to_bytes(8, "little") + b"{}", "header of at most 64 kB"),
        ((65_537).to_bytes(8, "little") + b"{}" + bytes(65_535), "header of at most 64 kB"),
        ((100).to_bytes(8, "little") + b"{}", "truncated"),
        ((0).to_bytes(8, "little"), "not a JSON object"),
        ((2).to_bytes(8, "little") + b" {", "not a JSON object"),
        ((2).to_bytes(8, "little") + b"{]", "is not JSON"),
        ((13).to_bytes(8, "little") + b'{"a":1,"a":1}', "the same key twice"),
    ],
)
def test_what_is_no_voice_file_is_told_what_it_is(data: bytes, complaint: str) -> None:
    with pytest.raises(InvalidVoiceFile, match=complaint):
        read_header(data)
