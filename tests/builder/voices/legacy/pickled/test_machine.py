"""The pickles of plain values."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from builder.voices.legacy.errors import DamagedFile
from builder.voices.legacy.pickled.machine import unpickled
from tests.builder.voices.legacy.older_worker import fields, problem_in, put, tone
from tests.builder.voices.legacy.pickled.spelling import named, spelt, text


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_are_the_same_as_pickle_reads_them(protocol: int) -> None:
    shared = ["x", ("y",)]
    values = {
        "numbers": [0, 1, -1, 255, 256, 65536, -(2**31), 2**31, 2**63, -(2**100), 0.5, -1e300, float("inf")],
        "text": ["", "a", "é" * 300, "\n\\u0041 ", "🙂", "\udcff"],
        "constants": [None, True, False],
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "shared": [shared, shared, {"k": shared, 5: 6, None: 7, b"raw" if protocol > 2 else "raw": 8}],
        "long": list(range(2500)),
        "bytes": [b"", b"\x00\xff" * 200],
    }
    if protocol < 3:  # pickle calls builtins.bytes for empty ones
        values["bytes"] = [b"\x00\xff" * 200]
    assert unpickled(pickle.dumps(values, protocol)) == values


def test_a_deep_value_that_is_no_key_is_read_and_let_go_without_a_crash() -> None:
    assert unpickled(spelt(b"N" + b"\x85" * 90_000))


def test_a_value_that_holds_itself_is_read(tmp_path: Path) -> None:
    endless: list[object] = []
    endless.append(endless)
    put(tmp_path, "a.pkl", {"audio": endless})
    assert "has no field 'audio'" in str(problem_in(tmp_path).error)


def test_what_is_not_latin1_cannot_be_bytes() -> None:
    with pytest.raises(DamagedFile):
        unpickled(spelt(named("_codecs", "encode") + b"\x8c" + b"\x02" + "ā".encode() + text("latin1") + b"\x86R"))


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_cut_short_anywhere_is_damaged(protocol: int) -> None:
    data = pickle.dumps(fields(audio=tone(4)), protocol)
    for end in range(len(data)):
        with pytest.raises(DamagedFile, match="is cut short; copy it again"):
            unpickled(data[:end])


def test_a_frames_length_is_not_believed() -> None:
    assert unpickled(b"\x80\x04\x95" + (2**60).to_bytes(8, "little") + b"N.") is None
