"""The tensors of a checkpoint's file, each taken by the part of a model that it is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

from torch import Tensor

from worker.engines.chatterbox.checkpoint import some
from worker.errors import EngineUnavailable

ANY = -1
"""A length that the file decides."""


class Tensors:
    """What lies under a stem of the names in one file. Parts of a model take what is theirs and say its shape."""

    def __init__(self, found: Mapping[str, Tensor], file: str) -> None:
        """`found` by the names that `file` has; each is read when it is taken, and nothing of it is kept here."""
        self.file = file
        self._found = found
        self._stem = ""
        self._taken: set[str] = set()

    def under(self, stem: str) -> Self:
        """Those whose names begin with `stem`, by the rest of their names; what is taken there is taken here."""
        part = object.__new__(type(self))
        part.__dict__.update(self.__dict__)
        part._stem = self._stem + stem
        return part

    def __contains__(self, name: str) -> bool:
        return self._stem + name in self._found

    def __iter__(self) -> Iterator[str]:
        """The names, without the stem."""
        return (name[len(self._stem) :] for name in self._found if name.startswith(self._stem))

    def take(self, name: str, *shape: int) -> Tensor:
        """The tensor, in single precision if it holds fractions.

        Raises:
            EngineUnavailable: it is missing, or its shape is another; says which and of which file.

        """
        whole = self._stem + name
        if whole not in self._found:
            raise EngineUnavailable(f"Chatterbox: {self.file} lacks {whole}: it is cut short, or of another model")
        self._taken.add(whole)
        tensor = self._found[whole]
        if len(shape) != tensor.dim() or any(a not in (ANY, b) for a, b in zip(shape, tensor.shape, strict=True)):
            raise EngineUnavailable(
                f"Chatterbox: {self.file} has {whole} {list(tensor.shape)} rather than {list(shape)}: "
                "it is of another model"
            )
        return tensor.float() if tensor.is_floating_point() else tensor

    def layers(self, stem: str) -> int:
        """How many numbered parts there are under `stem`."""
        numbers = [int(name[len(stem) :].partition(".")[0]) for name in self if name.startswith(stem)]
        return 1 + max(numbers, default=-1)

    def finish(self) -> None:
        """To be called when everything is taken.

        Raises:
            EngineUnavailable: something is left that no part has a use for.

        """
        if left := [self._stem + name for name in self if self._stem + name not in self._taken]:
            raise EngineUnavailable(f"Chatterbox: {self.file} has {some(left)}, which this model does not know")
