"""Automatic delivery: in the reply as long as it fits, and from then on in a store."""

from __future__ import annotations

from collections.abc import Callable

from worker.delivery.inline import InlineSink
from worker.delivery.sink import Sink
from worker.reply import Destination


class OverflowSink:
    """Begins in memory and moves to a store, opened only then, when the platform would no longer carry the reply."""

    def __init__(self, inline: InlineSink, open_store: Callable[[], Sink]) -> None:
        self._inline = inline
        self._open_store = open_store
        self._store: Sink | None = None
        self._position = 0

    def seek(self, offset: int, /) -> int:
        """As the sink's that is in use."""
        self._position = offset
        return (self._store or self._inline).seek(offset)

    def write(self, data: bytes, /) -> int:
        """Moves what was kept first, if these bytes are too many."""
        if self._store is None and not self._inline.takes(len(data)):
            self._move()
        self._position += len(data)
        return (self._store or self._inline).write(data)

    def finish(self, *, rest_bytes: int) -> Destination:
        """Where the file ended up."""
        if self._store is None and not self._inline.fits(rest_bytes):
            self._move()
        return (self._store or self._inline).finish(rest_bytes=rest_bytes)

    def abort(self) -> None:
        """Aborts the sink in use."""
        (self._store or self._inline).abort()

    def _move(self) -> None:
        self._store = self._open_store()
        self._store.write(self._inline.kept)
        self._inline.abort()
        self._store.seek(self._position)
