"""How far a download is: a bar on a terminal, and one line for each finished file anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm  # type: ignore[import-untyped] # ships no types

_UNITS = ("B", "kB", "MB", "GB")


@contextmanager
def bar(name: str, *, total: int | None, start: int) -> Iterator[Callable[[int], None]]:
    """What is to be told how many bytes are here; draws bytes, MB/s and the remaining time if stderr is a terminal."""
    with tqdm(
        total=total, initial=start, desc=name, unit="B", unit_scale=True, disable=None, leave=False, dynamic_ncols=True
    ) as drawn:
        yield lambda here: drawn.update(here - drawn.n)


def shown(size: float) -> str:
    """A number of bytes in decimal units."""
    for unit in _UNITS[:-1]:
        if size < 1000:  # noqa: PLR2004 - the step between units
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} {_UNITS[-1]}"
