"""Pickles written by hand, instruction by instruction."""

from __future__ import annotations


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def named(module: str, name: str) -> bytes:
    return text(module) + text(name) + b"\x93"


def spelt(*parts: bytes) -> bytes:
    return b"\x80\x04" + b"".join(parts) + b"."


def dtype(name: str, state: bytes) -> bytes:
    return named("numpy", "dtype") + text(name) + b"\x89\x88\x87R" + state + b"b"


RECONSTRUCT = named("numpy._core.multiarray", "_reconstruct") + named("numpy", "ndarray")
EMPTY_ARRAY = RECONSTRUCT + b"K\x00\x85C\x01b\x87R"
PLAIN_STATE = b"(K\x03" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t"
F4 = dtype("f4", PLAIN_STATE)
HUGE = b"\x8a\x06" + (2**40).to_bytes(6, "little")


def array(shape: bytes, kind: bytes = F4, data: bytes = b"C\x04\x00\x00\x00\x00", order: bytes = b"\x89") -> bytes:
    return EMPTY_ARRAY + b"(K\x01" + shape + kind + order + data + b"tb"
