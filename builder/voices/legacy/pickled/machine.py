"""The stack machine that a pickle is a program for, without anything it could do harm with."""

# Why not pickle.Unpickler with a find_class that refuses: it hashes whatever is the key of a dict. 200 bytes of tuples
# that hold one tuple twice keep it busy for years, a million nested ones crash the process, and neither needs a name.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from builder.voices.legacy.errors import ASK_FOR_WAV, COPY_AGAIN, DamagedFile, TooLarge, UnsafeFile
from builder.voices.legacy.limits import MAX_PICKLE_TEXT_BYTES
from builder.voices.legacy.pickled.arrays import Known, PickledArray, PickledDtype, called, known
from builder.voices.legacy.pickled.instructions import BYTES, NUMBERS, TEXTS, instructions

MAX_KEY_BITS = 32
"""Of a whole number as a key: larger ones can be chosen so that a dict takes quadratic time."""
_DAMAGED = f"does not add up as a pickle; {COPY_AGAIN}"


def unpickled(data: bytes) -> object:
    """What the pickle spells: None, bool, int, float, str, bytes, tuple, list, dict, set, PickledArray and StoredArray.

    It may hold itself. Keys of dicts and members of sets are text, bytes or small whole numbers.

    Raises:
        UnsafeFile: it wants anything else, which is neither imported nor called.
        TooLarge: it is over a limit.
        DamagedFile: it is no pickle, or not a whole one.
    """
    machine = _Machine()
    for name, argument in instructions(data):
        machine.step(name, argument)
    return machine.result()


class _Machine:
    def __init__(self) -> None:
        self._stack: list[object] = []
        self._marks: list[int] = []
        self._memo: dict[object, object] = {}
        self._encoded_bytes = 0

    def step(self, name: str, argument: object) -> None:
        _ACTIONS[name](self, argument)

    def result(self) -> object:
        if len(self._stack) != 1 or self._marks:
            raise DamagedFile(_DAMAGED)
        return self._stack[0]

    def _floor(self) -> int:
        return self._marks[-1] if self._marks else 0

    def push(self, value: object) -> None:
        self._stack.append(value)

    def mark(self) -> None:
        self._marks.append(len(self._stack))

    def pop_last(self, count: int) -> tuple[object, ...]:
        start = len(self._stack) - count
        if start < self._floor():
            raise DamagedFile(_DAMAGED)
        values = tuple(self._stack[start:])
        del self._stack[start:]
        return values

    def pop_marked(self) -> list[object]:
        if not self._marks:
            raise DamagedFile(_DAMAGED)
        start = self._marks.pop()
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def _top(self) -> object:
        if len(self._stack) <= self._floor():
            raise DamagedFile(_DAMAGED)
        return self._stack[-1]

    def extend(self, values: list[object] | tuple[object, ...]) -> None:
        match self._top():
            case list() as items:
                items.extend(values)
            case _:
                raise DamagedFile(_DAMAGED)

    def update(self, pairs: list[object] | tuple[object, ...]) -> None:
        match self._top():
            case dict() as mapping:
                mapping.update(_dict_of(pairs))
            case _:
                raise DamagedFile(_DAMAGED)

    def add(self, members: list[object]) -> None:
        match self._top():
            case set() as collection:
                collection.update(map(_key, members))
            case _:
                raise DamagedFile(_DAMAGED)

    def memoize(self, index: object) -> None:
        self._memo[_key(index)] = self._top()

    def memoize_next(self) -> None:
        self.memoize(len(self._memo))

    def recall(self, index: object) -> None:
        if _key(index) not in self._memo:
            raise DamagedFile(_DAMAGED)
        self._stack.append(self._memo[index])

    def call(self) -> None:
        function, arguments = self.pop_last(2)
        result = called(function, arguments)
        if function is Known.ENCODE and isinstance(result, bytes):
            self._encoded_bytes += len(result)  # one text may be encoded again and again
            if self._encoded_bytes > MAX_PICKLE_TEXT_BYTES:
                raise TooLarge("holds too many bytes as text; save it again with pickle protocol 4")
        self.push(result)

    def build(self) -> None:
        (state,) = self.pop_last(1)
        match self._top():
            case PickledArray() | PickledDtype() as unfinished:
                unfinished.build(state)
            case _:
                raise UnsafeFile(f"gives state to what has none; {ASK_FOR_WAV}")


def _dict_of(pairs: list[object] | tuple[object, ...]) -> dict[object, object]:
    if len(pairs) % 2:
        raise DamagedFile(_DAMAGED)
    return {_key(key): value for key, value in zip(pairs[::2], pairs[1::2], strict=True)}


def _key(value: object) -> object:
    match value:
        case str() | bytes() | None:
            return value
        case int() if value.bit_length() <= MAX_KEY_BITS:
            return value
        case _:
            raise UnsafeFile("has a key that is neither text nor a small number; save only the audio and its rate")


def _known(names: tuple[object, ...]) -> Known:
    match names:
        case (str(module), str(name)):
            return known(module, name)
        case _:
            raise DamagedFile(_DAMAGED)


_ACTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), lambda machine, _: None),  # noqa: ARG005 - every action takes the machine
    **dict.fromkeys(NUMBERS + TEXTS + BYTES, _Machine.push),
    "NONE": _Machine.push,  # whose argument is None
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "MARK": lambda machine, _: machine.mark(),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.pop_marked())),
    "TUPLE1": lambda machine, _: machine.push(machine.pop_last(1)),
    "TUPLE2": lambda machine, _: machine.push(machine.pop_last(2)),
    "TUPLE3": lambda machine, _: machine.push(machine.pop_last(3)),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "LIST": lambda machine, _: machine.push(machine.pop_marked()),
    "APPEND": lambda machine, _: machine.extend(machine.pop_last(1)),
    "APPENDS": lambda machine, _: machine.extend(machine.pop_marked()),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "DICT": lambda machine, _: machine.push(_dict_of(machine.pop_marked())),
    "SETITEM": lambda machine, _: machine.update(machine.pop_last(2)),
    "SETITEMS": lambda machine, _: machine.update(machine.pop_marked()),
    "EMPTY_SET": lambda machine, _: machine.push(set()),
    "ADDITEMS": lambda machine, _: machine.add(machine.pop_marked()),
    "FROZENSET": lambda machine, _: machine.push(frozenset(map(_key, machine.pop_marked()))),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.memoize),
    "MEMOIZE": lambda machine, _: machine.memoize_next(),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.recall),
    "GLOBAL": lambda machine, names: machine.push(known(*names.split(" ", 1))),
    "STACK_GLOBAL": lambda machine, _: machine.push(_known(machine.pop_last(2))),
    "REDUCE": lambda machine, _: machine.call(),
    "BUILD": lambda machine, _: machine.build(),
}
