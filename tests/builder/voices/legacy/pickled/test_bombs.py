"""Small pickles that would take all the memory or all the time there is."""

from __future__ import annotations

import time

import pytest

from builder.voices.legacy.errors import LegacyError, TooLarge
from builder.voices.legacy.pickled.machine import unpickled
from tests.builder.voices.legacy.pickled.spelling import named, spelt, text

MAX_SECONDS = 2.0
"""Processor time; the slowest takes a tenth of it."""


def shared_tuples(depth: int) -> bytes:
    pairs = (b"\x94h" + bytes([index]) + b"h" + bytes([index]) + b"\x86" for index in range(depth))
    return b"".join((b"K\x01", *pairs))


BOMBS = {
    "a key of tuples that hold one tuple twice": b"}" + shared_tuples(100) + b"Ns",
    "a member of tuples that hold one tuple twice": b"\x8f(" + shared_tuples(100) + b"\x90",
    "a key of a million nested tuples": b"}N" + b"\x85" * 1_000_000 + b"Ns",
    "ninety thousand nested tuples as a key": b"}N" + b"\x85" * 90_000 + b"Ns",
    "a million values": b"](" + b"N" * 1_000_000 + b"e",
    "a million memos": b"N" + b"\x94" * 1_000_000,
    "one text encoded again and again": named("_codecs", "encode")
    + b"\x94X"
    + (2**20).to_bytes(4, "little")
    + b"a" * 2**20
    + text("latin1")
    + b"\x86\x94"
    + b"h\x00h\x01R" * 20_000,
    "text of a hundred megabytes": b"X" + (10**8).to_bytes(4, "little") + b"a" * 10**8,
    "a float of sixty million digits": b"F" + b"9" * 60_000_000 + b"\n" + b"N",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_soon(name: str) -> None:
    data = spelt(BOMBS[name])
    started = time.process_time()
    with pytest.raises(LegacyError):
        unpickled(data)
    assert time.process_time() - started < MAX_SECONDS


def test_too_many_values_and_too_much_text_are_told_apart_from_damage() -> None:
    for name in ("a million values", "text of a hundred megabytes", "one text encoded again and again"):
        with pytest.raises(TooLarge):
            unpickled(spelt(BOMBS[name]))
