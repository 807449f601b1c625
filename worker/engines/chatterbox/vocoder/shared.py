"""What all utterances share: it never changes, and a copy of one that is under way goes on with it."""

from __future__ import annotations

from typing import Self


class Shared:
    """Not copied with those that hold it."""

    __slots__ = ()

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Itself."""
        return self
