"""Sinks: where a file under way goes, in memory, on a volume or in an object store."""

from __future__ import annotations

from typing import Protocol

from worker.reply import Destination


class Sink(Protocol):
    """Takes a file in order, and at the end its first bytes once more, where a header is only then known."""

    def seek(self, offset: int, /) -> int:
        """Moves to `offset`: the end of what was written, or 0."""

    def write(self, data: bytes, /) -> int:
        """Takes bytes.

        Raises:
            DeliveryFailed: they cannot be stored.

        """

    def finish(self, *, rest_bytes: int) -> Destination:
        """Makes the file visible, whole; `rest_bytes` is the size of the reply's JSON without the audio.

        Raises:
            PayloadTooLarge: it does not fit into the reply.
            DeliveryFailed: it cannot be stored.

        """

    def abort(self) -> None:
        """Leaves nothing behind; without effect after `finish`."""
