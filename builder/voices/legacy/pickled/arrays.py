"""What the few names of numpy that a pickle may use stand for: nothing of numpy's own, which trusts what it is told."""

# numpy's __setstate__ crashes the process for an object array with a short list, and takes a dtype of −1 bytes.

from __future__ import annotations

from enum import Enum, auto
from typing import ClassVar

from builder.voices.legacy.errors import ASK_FOR_WAV, COPY_AGAIN, NUMBERS_ALONE, DamagedFile, UnsafeFile
from builder.voices.legacy.stored_array import StoredArray, dtype_of, shape_of
from voice_library.errors import quoted


class Known(Enum):
    """The names that a pickle may use, and only in the calls below."""

    NDARRAY = auto()
    DTYPE = auto()
    RECONSTRUCT = auto()
    SCALAR = auto()
    FROM_BUFFER = auto()
    ENCODE = auto()


_NAMES = {
    "numpy ndarray": Known.NDARRAY,
    "numpy dtype": Known.DTYPE,
    "numpy.core.multiarray _reconstruct": Known.RECONSTRUCT,
    "numpy._core.multiarray _reconstruct": Known.RECONSTRUCT,
    "numpy.core.multiarray scalar": Known.SCALAR,
    "numpy._core.multiarray scalar": Known.SCALAR,
    "numpy.core.numeric _frombuffer": Known.FROM_BUFFER,
    "numpy._core.numeric _frombuffer": Known.FROM_BUFFER,
    "_codecs encode": Known.ENCODE,  # bytes, before protocol 3
}


class PickledDtype:
    """A dtype, whose byte order a pickle tells after the rest.

    Raises:
        UnsafeFile: it is not one of numbers or short text.
    """

    OBJECT: ClassVar = "O8"
    """Of the array without dimensions that numpy.save makes of a dict; any other array of objects is refused."""

    __slots__ = ("byte_order", "name")

    def __init__(self, name: str) -> None:
        if name != self.OBJECT:
            dtype_of(name)
        self.name = name
        self.byte_order = ""

    def build(self, state: object) -> None:
        """Takes the byte order from what numpy's dtype says of itself.

        Raises:
            UnsafeFile: it says more than that of a dtype of numbers, such as fields, metadata or another size.
        """
        if self.name == self.OBJECT:
            return  # and stays without a byte order, so that no array of it can be read
        size = dtype_of(self.name).itemsize
        match state:
            case (3, str(order), None, None, None, int(told), int(), int()) if told in (-1, size):
                dtype_of(f"{order}{self.name}")
                self.byte_order = order
            case _:
                raise UnsafeFile(NUMBERS_ALONE)


class PickledArray:
    """An array, which a pickle names first and fills later."""

    __slots__ = ("content",)

    def __init__(self) -> None:
        self.content: object = None
        """A StoredArray, or whatever object numpy.save has wrapped in an array."""

    def build(self, state: object) -> None:
        """Fills it with what numpy's array says of itself.

        Raises:
            UnsafeFile: that is not bytes, a shape and a dtype of numbers.
            DamagedFile: they do not fit each other.
        """
        match state:
            case (1, tuple(shape), PickledDtype() as dtype, bool(fortran_order), bytes(data) | bytearray(data)):
                self.content = _stored(dtype, shape, data, fortran_order=fortran_order)
            case (1, (), PickledDtype(name=PickledDtype.OBJECT), bool(), [content]):
                self.content = content
            case _:
                raise UnsafeFile(NUMBERS_ALONE)


def known(module: str, name: str) -> Known:
    """What a name stands for.

    Raises:
        UnsafeFile: it is none of those that arrays of numbers need.
    """
    stands_for = _NAMES.get(f"{module} {name}")
    if stands_for is None:
        raise UnsafeFile(f"wants {quoted(f'{module}.{name}')}, which is no plain value or array; {ASK_FOR_WAV}")
    return stands_for


def called(function: object, arguments: object) -> object:
    """What a call that numpy's own pickles make returns.

    Raises:
        UnsafeFile: it is another call.
        DamagedFile: the arguments do not fit each other.
    """
    match function, arguments:
        case Known.DTYPE, (str(name), 0 | 1, 0 | 1):
            return PickledDtype(name)
        case Known.RECONSTRUCT, (Known.NDARRAY, (0,), b"b" | "b"):
            return PickledArray()
        case Known.SCALAR, (PickledDtype() as dtype, bytes(data)):
            return _stored(dtype, (), data, fortran_order=False)
        case Known.FROM_BUFFER, (bytes(data) | bytearray(data), PickledDtype() as dtype, tuple(shape), "C" | "F" as by):
            return _stored(dtype, shape, data, fortran_order=by == "F")
        case Known.ENCODE, (str(text), "latin1" | "latin-1"):
            return _encoded(text)
    raise UnsafeFile(f"makes a call that no array needs; {ASK_FOR_WAV}")


def _stored(
    dtype: PickledDtype, shape: tuple[object, ...], data: bytes | bytearray, *, fortran_order: bool
) -> StoredArray:
    order = dtype.byte_order
    if not order:
        raise DamagedFile(f"holds an array without its byte order; {COPY_AGAIN}")
    return StoredArray(
        dtype=dtype_of(f"{order}{dtype.name}"), shape=shape_of(shape), data=data, fortran_order=fortran_order
    )


def _encoded(text: str) -> bytes:
    try:
        return text.encode("latin1")
    except UnicodeEncodeError as error:
        raise DamagedFile(f"holds bytes that are none; {COPY_AGAIN}") from error
