"""The seam to slow tiers: bytes under keys, in a folder, a bucket, or wherever else."""

from __future__ import annotations

from typing import Protocol

from worker.errors import DeliveryFailed

STORE_ERRORS: tuple[type[Exception], ...] = (OSError, DeliveryFailed)
"""What a store raises that is full, out of reach or not allowed; never a reason for a job to fail."""


class Store(Protocol):
    """Keeps bytes under keys, as `key_of` makes them; for any number of threads, processes and machines."""

    @property
    def name(self) -> str:
        """What figures and logs call it."""

    @property
    def size_bytes(self) -> int | None:
        """Of all it keeps, as far as it knows; None where it does not."""

    def get(self, key: str) -> bytes | None:
        """What was put under `key`, if it is still there.

        Raises:
            OSError, DeliveryFailed: nobody can say.

        """

    def put(self, key: str, data: bytes) -> None:
        """Keeps `data`: whole, or not at all; of two that put at once either may win.

        Raises:
            OSError, DeliveryFailed: it could not.

        """

    def delete(self, key: str) -> None:
        """Forgets what is under `key`, if anything is.

        Raises:
            OSError, DeliveryFailed: it could not.

        """
