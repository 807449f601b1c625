"""Pickles that say of numpy's arrays, or of the format itself, what nobody would write."""

from __future__ import annotations

import pickle
import pickletools
from pathlib import Path

import numpy as np
import pytest

from builder.voices.legacy.errors import LegacyError
from builder.voices.legacy.pickled.instructions import ALLOWED
from builder.voices.legacy.pickled.machine import unpickled
from tests.builder.voices.legacy.older_worker import problem_in, put
from tests.builder.voices.legacy.pickled.spelling import (
    F4,
    HUGE,
    PLAIN_STATE,
    RECONSTRUCT,
    array,
    dtype,
    named,
    spelt,
    text,
)


def test_the_parts_that_the_attacks_are_made_of_are_sound() -> None:
    data = spelt(array(b"K\x01\x85"))
    np.testing.assert_array_equal(pickle.loads(data), np.zeros(1, np.float32))  # noqa: S301 - made above
    assert unpickled(data)


def state(*parts: bytes) -> bytes:
    return b"(" + b"".join(parts) + b"t"


NONES = b"NNN"
SIZES = b"J\xff\xff\xff\xffJ\xff\xff\xff\xff"
TRICKS = {
    "a dtype of objects": array(b"K\x01\x85", dtype("O8", state(b"K\x03", text("|"), NONES, SIZES, b"K\x3f"))),
    "a list as an array's data": array(b"K\x02\x85", dtype("O8", PLAIN_STATE), b"]K\x01a"),
    "two objects without dimensions": array(b")", dtype("O8", PLAIN_STATE), b"](NNe"),
    "a scalar of objects": named("numpy._core.multiarray", "scalar") + dtype("O8", PLAIN_STATE) + b"C\x01x\x86R",
    "an object's bytes from a buffer": named("numpy._core.numeric", "_frombuffer")
    + b"(C\x08AAAAAAAA"
    + dtype("O8", PLAIN_STATE)
    + b"K\x01\x85"
    + text("C")
    + b"tR",
    "a dtype that becomes objects": array(
        b"K\x01\x85", dtype("f4", state(b"K\x03", text("O"), NONES, SIZES, b"K\x3f"))
    ),
    "a dtype with fields": dtype("V8", state(b"K\x03", text("|"), b"N", text("a") + b"\x85", b"}", SIZES, b"K\x3f")),
    "a dtype with a subarray": dtype("f4", state(b"K\x03", text("<"), F4 + HUGE + b"\x85\x86", b"NN", SIZES, b"K\x00")),
    "a dtype with metadata": dtype("f4", state(b"K\x04", text("<"), NONES, SIZES, b"K\x00", b"}")),
    "a dtype of another size": dtype("f4", state(b"K\x03", text("<"), NONES, b"J\x00\x00\x10\x00K\x04K\x00")),
    "a dtype of no size": dtype("V8", PLAIN_STATE),
    "a dtype's flags": dtype("S4", state(b"K\x03", text("<"), NONES, b"J\xff\xff\xff\x7fK\x04K\x3f")),
    "a dtype by expression": named("numpy", "dtype") + text("f4,O") + b"\x89\x88\x87R",
    "a dtype of a dict": named("numpy", "dtype") + b"}\x89\x88\x87R",
    "a dtype that no array uses": b"(" + dtype("complex128", PLAIN_STATE) + b"l",
    "a shape of 2**40": array(HUGE + b"\x85"),
    "a shape of 2**40 twice": array(HUGE + HUGE + b"\x86"),
    "a shape whose product wraps": array(b"\x8a\x09" + (2**62).to_bytes(9, "little") + b"K\x04\x86", data=b"C\x00"),
    "a negative shape": array(b"J\xff\xff\xff\xffJ\xfc\xff\xff\xff\x86", data=b"C\x10" + bytes(16)),
    "a shape of booleans": array(b"\x88\x85"),
    "a shape of floats": array(b"G\x3f\xf0\x00\x00\x00\x00\x00\x00\x85"),
    "a shape of a hundred dimensions": array(b"(" + b"K\x01" * 100 + b"t"),
    "a shape that is no tuple": array(b"]"),
    "too little data": array(b"K\x02\x85"),
    "data that is text": array(b"K\x01\x85", data=text("abcd")),
    "an order that is none": array(b"K\x01\x85", order=b"K\x07"),
    "memory that _reconstruct is to take": RECONSTRUCT + HUGE + b"\x85C\x01b\x87R",
    "_reconstruct of a dtype": named("numpy._core.multiarray", "_reconstruct")
    + named("numpy", "dtype")
    + b"K\x00\x85C\x01b\x87R",
    "ndarray itself called": named("numpy", "ndarray") + HUGE + b"\x85\x85R",
    "ndarray made by NEWOBJ": named("numpy", "ndarray") + HUGE + b"\x85\x85\x81",
    "ndarray made by NEWOBJ_EX": named("numpy", "ndarray") + b")}\x92",
    "ndarray made by OBJ": b"(" + named("numpy", "ndarray") + b"K\x01o",
    "ndarray made by INST": b"(K\x01inumpy\nndarray\n",
    "state for a name of numpy": named("numpy._core.numeric", "_frombuffer") + b"}" + text("__defaults__") + b"Nsb",
    "slots for a name of numpy": named("numpy._core.numeric", "_frombuffer") + b"N}" + text("__code__") + b"Ns\x86b",
    "state for ndarray": named("numpy", "ndarray") + b"N}" + text("__reduce__") + b"Ns\x86b",
    "state for a dict": b"}}" + text("keys") + b"Nsb",
    "state for text": text("x") + b"}b",
    "a call of text": text("eval") + text("1") + b"\x85R",
    "a call without a tuple": named("numpy", "dtype") + text("f4") + b"R",
    "a codec that is not latin1": named("_codecs", "encode") + text("aa") + text("rot13") + b"\x86R",
    "a codec that errors": named("_codecs", "encode") + text("aa") + text("latin1") + text("x") + b"\x87R",
    "_codecs.decode": named("_codecs", "decode") + text("aa") + text("zlib_codec") + b"\x86R",
    "a dotted name": named("numpy", "dtype.__init__"),
    "a name in a module's alias": named("numpy.core", "multiarray._reconstruct"),
    "a name with a space": named("numpy", "core.multiarray scalar"),
    "a name that is no text": b"K\x01K\x02\x93",
    "a name with an escape": b"cnumpy\\x2e_core.multiarray\nscalar\n",
    "a name with a false escape": b"cnumpy\\.core\nscalar\n",
    "a name that is not ASCII": b"cnumpy\xff\nscalar\n",
    "a persistent name": b"Px\n",
    "a persistent value": b"K\x01Q",
    "an extension": b"\x82\x01",
    "an extension of two bytes": b"\x83\x01\x00",
    "an extension of four bytes": b"\x84\x01\x00\x00\x00",
    "a buffer outside the file": b"\x97",
    "a read-only buffer": b"N\x98",
    "text of Python 2": b"U\x01a",
    "a long of four gigabytes": b"\x8b\xff\xff\xff\x7f",
    "a negative long": b"\x8b\xff\xff\xff\xff",
    "bytes of an exbibyte": b"\x8e" + (2**60).to_bytes(8, "little"),
    "text of an exbibyte": b"\x8d" + (2**60).to_bytes(8, "little"),
    "a bytearray of an exbibyte": b"\x96" + (2**60).to_bytes(8, "little"),
    "bytes of four gigabytes": b"B\xff\xff\xff\xff",
    "text of four gigabytes": b"X\xff\xff\xff\xff",
    "a frame of an exbibyte and nothing in it": b"\x95" + (2**60).to_bytes(8, "little"),
    "nothing": b"",
    "two values": b"NN",
    "a mark left over": b"(N",
    "a tuple without a mark": b"t",
    "a value from below the mark": b"N(\x85t\x86",
    "items for what is no list": b"NNa",
    "items for what is no dict": b"NNNs",
    "members for what is no set": b"N(N\x90",
    "a key without a value": b"}(Nu",
    "a list as a key": b"}]Ns",
    "a tuple as a key": b"})Ns",
    "a large number as a key": b"}\x8a\x09" + (2**61 - 1).to_bytes(9, "little") + b"Ns",
    "a float as a member": b"\x8f(G\x3f\xf0\x00\x00\x00\x00\x00\x00\x90",
    "an unknown memo": b"h\x07",
    "a memo of nothing": b"q\x00",
    "text that is no text": b"\x8c\x01\xff",
    "a number that is no number": b"Ix\n",
    "a number of too many digits": b"I" + b"9" * 5000 + b"\n",
    "a number without an end": b"I1",
    "an unknown instruction": b"\xff",
    "something after its end": b"N.N",
}


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_of_the_pickle_format_is_an_error_of_ours(tmp_path: Path, name: str) -> None:
    with pytest.raises(LegacyError):
        unpickled(spelt(TRICKS[name]))
    put(tmp_path, "a.pkl", spelt(b"}", text("audio"), TRICKS[name], b"s"))
    assert str(problem_in(tmp_path, sample_rate=24_000).error).startswith("'a.pkl' ")


def test_of_the_instructions_that_exist_only_those_of_plain_values_are_known() -> None:
    assert {opcode.name for opcode in pickletools.opcodes} - ALLOWED == {
        *("PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"),
        *(
            "NEXT_BUFFER",
            "READONLY_BUFFER",
            "STRING",
            "BINSTRING",
            "SHORT_BINSTRING",
            "LONG4",
            "DUP",
            "POP",
            "POP_MARK",
        ),
    }
