"""The instructions of a pickle, one by one, with nothing read that is not there and no length taken on trust."""

from __future__ import annotations

import io
import pickletools
from collections.abc import Iterator

from builder.voices.legacy.errors import ASK_FOR_WAV, COPY_AGAIN, DamagedFile, LegacyError, TooLarge, UnsafeFile
from builder.voices.legacy.limits import MAX_PICKLE_INSTRUCTIONS, MAX_PICKLE_TEXT_BYTES

# Absent on purpose: instances (INST, OBJ, NEWOBJ, NEWOBJ_EX), names outside the file (PERSID, BINPERSID, EXT1…4),
# buffers outside it (NEXT_BUFFER, READONLY_BUFFER), text of Python 2, LONG4, and what only recursive tuples need.
NUMBERS = ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "FLOAT", "BINFLOAT")
TEXTS = ("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8")
BYTES = ("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8")
CONSTANTS = ("NONE", "NEWTRUE", "NEWFALSE")
TUPLES = ("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3")
LISTS = ("EMPTY_LIST", "LIST", "APPEND", "APPENDS")
KEYED = ("EMPTY_DICT", "DICT", "SETITEM", "SETITEMS", "EMPTY_SET", "ADDITEMS", "FROZENSET")
MEMO = ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "GET", "BINGET", "LONG_BINGET")
CALLS = ("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD")
STRUCTURE = ("PROTO", "FRAME", "MARK", "STOP")
ALLOWED = frozenset(NUMBERS + TEXTS + BYTES + CONSTANTS + TUPLES + LISTS + KEYED + MEMO + CALLS + STRUCTURE)

_KNOWN = {ord(opcode.code): opcode for opcode in pickletools.opcodes}
_LENGTH_BYTES = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}


def instructions(data: bytes) -> Iterator[tuple[str, object]]:
    """The name and the argument of each instruction, up to and with STOP, which the data ends with.

    Raises:
        UnsafeFile: an instruction is not needed for plain values and arrays.
        TooLarge: there are too many instructions, or too much text.
        DamagedFile: an instruction is unknown, incomplete or malformed, or something follows the last one.
    """
    stream = io.BytesIO(data)
    text_bytes = 0
    for _ in range(MAX_PICKLE_INSTRUCTIONS):
        opcode = _opcode(stream.read(1))
        at = stream.tell()
        size = _argument_bytes(opcode, data, at)
        if at + size > len(data):
            raise _cut_short()
        text_bytes += 0 if opcode.name in BYTES else size
        if text_bytes > MAX_PICKLE_TEXT_BYTES:
            raise TooLarge("holds too much text; save it again with pickle protocol 4, which writes arrays as bytes")
        yield opcode.name, _argument(opcode, stream)
        stream.seek(at + size)
        if opcode.name == "STOP":
            if at != len(data):
                raise DamagedFile(f"goes on after its end; {COPY_AGAIN}")
            return
    raise TooLarge("holds too many values for a recording; save only the audio and its sample rate")


def _opcode(code: bytes) -> pickletools.OpcodeInfo:
    if not code:
        raise _cut_short()
    opcode = _KNOWN.get(code[0])
    if opcode is None:
        raise DamagedFile(f"is no pickle, or a damaged one; {COPY_AGAIN}")
    if opcode.name not in ALLOWED:
        raise UnsafeFile(f"uses {opcode.name}, which no plain value or array needs; {ASK_FOR_WAV}")
    return opcode


def _argument_bytes(opcode: pickletools.OpcodeInfo, data: bytes, at: int) -> int:
    """How many bytes from `at` on are the argument, by what they say; possibly more than there are."""
    if opcode.arg is None:
        return 0
    if opcode.arg.n == pickletools.UP_TO_NEWLINE:
        end = _line_end(data, at)
        return (_line_end(data, end) if opcode.name == "GLOBAL" else end) - at
    width = _LENGTH_BYTES.get(opcode.arg.n)
    if width is None:
        return opcode.arg.n
    return width + int.from_bytes(data[at : at + width], "little")


def _line_end(data: bytes, at: int) -> int:
    newline = data.find(b"\n", at)
    if newline < 0:
        raise _cut_short()
    return newline + 1


def _argument(opcode: pickletools.OpcodeInfo, stream: io.BytesIO) -> object:
    if opcode.arg is None:
        return None
    try:
        if opcode.name == "GLOBAL":  # pickletools would decode escapes that pickle takes as they are
            return b" ".join(stream.readline().rstrip(b"\n") for _ in range(2)).decode("ascii")
        argument: object = opcode.arg.reader(stream)
    except ValueError as error:
        raise DamagedFile(f"holds a malformed value; {COPY_AGAIN}") from error
    return argument


def _cut_short() -> LegacyError:
    return DamagedFile(f"is cut short; {COPY_AGAIN}")
