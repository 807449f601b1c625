"""The transfer of one file into its part: asked for from where it stands until it is whole, and held to its hash."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from builder.fetch.errors import Interrupted, Unreachable, WrongBytes
from builder.fetch.hub import Body, Hub
from builder.fetch.manifest import File
from builder.fetch.part import Part
from builder.fetch.progress import bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a file is asked for again, and after what time."""

    retries: int = 8
    """Failures in a row that are borne."""
    steady_bytes: int = 16 << 20
    """So many bytes further than ever before, and the failures are counted anew."""
    first_wait_sec: float = 1.0
    longest_wait_sec: float = 30.0

    def wait_sec(self, failures: int) -> float:
        """Seconds to wait after so many failures; doubles with each."""
        return min(self.first_wait_sec * 2.0 ** (failures - 1), self.longest_wait_sec)


@dataclass(slots=True, kw_only=True)
class Transfer:
    """One file on its way into its part."""

    hub: Hub
    patience: Patience
    say: Callable[[str], None]
    repository: str
    revision: str
    file: File
    part: Part
    received: int = 0
    """Bytes that came over the network."""

    def complete(self) -> None:
        """Returns when the part holds the file; what an earlier run left is thrown away if the whole does not fit.

        Raises:
            WrongBytes, Unreachable, AccessDenied, NotThere: it never will; the part is empty after the first.

        """
        if self.file.sha256 is None or (self.file.size is not None and self.part.size > self.file.size):
            self.part.clear()
        resumed = self.part.size > 0
        self._receive()
        if resumed and not self._fits():
            self.say(f"{self.file.name}: what an earlier run left does not fit; fetching it anew")
            self.part.clear()
            self._receive()
        if not self._fits():
            got = self.part.sha256
            self._refuse(f"its SHA-256 is {got}, expected is {self.file.sha256}; it was removed")

    def _fits(self) -> bool:
        return self.file.sha256 in (None, self.part.sha256)

    def _receive(self) -> None:
        failures, furthest = 0, self.part.size
        with bar(self.file.name, total=self.file.size, start=self.part.size) as progress:
            while True:
                try:
                    self._receive_once(progress)
                except Interrupted as error:
                    if self.part.size >= furthest + self.patience.steady_bytes:
                        failures, furthest = 0, self.part.size
                    failures += 1
                    if failures > self.patience.retries:
                        raise Unreachable(f"{error}; gave up after {failures} tries, run it again to go on") from error
                    if error.anew:
                        self.part.clear()
                    time.sleep(max(self.patience.wait_sec(failures), error.wait_sec))
                else:
                    return

    def _receive_once(self, progress: Callable[[int], None]) -> None:
        if self.part.size and self.part.size == self.file.size:
            return
        with self.hub.open(self.repository, self.revision, self.file.name, start=self.part.size) as body:
            if body.start != self.part.size:
                self.part.clear()
            self._require_size(body)
            for block in body.chunks:
                if self.file.size is not None and self.part.size + len(block) > self.file.size:
                    self._refuse(f"the server sends more than the {self.file.size} bytes expected")
                self.part.append(block)
                self.received += len(block)
                progress(self.part.size)
            if body.total is not None and self.part.size < body.total:
                raise Interrupted(f"{self.file.name}: the server stopped before the end")

    def _require_size(self, body: Body) -> None:
        """Raises: WrongBytes where the server announces another size than expected; nothing is written then."""
        if self.file.size is not None and body.total not in (None, self.file.size):
            self._refuse(f"the server has {body.total} bytes of it, expected are {self.file.size}")

    def _refuse(self, why: str) -> NoReturn:
        self.part.clear()
        raise WrongBytes(f"{self.file.name}: {why}")
