"""Delivery to a volume under a name that the worker makes, so that the same job writes the same file again."""

from __future__ import annotations

from pathlib import Path

from worker.delivery.volume import VolumeSink


class NamedVolumeSink(VolumeSink):
    """A file that nobody sees at `path` before it is whole; what was there before gives way only then."""

    def __init__(self, path: Path) -> None:
        """Raises DeliveryFailed where its folder cannot be written to."""
        super().__init__(path.parent, path.suffix)
        self._path = path
