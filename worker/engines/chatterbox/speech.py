"""A take under way: its clip is made by the engine's threads, and waited for by whoever reads it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import torch

from worker.audio.clip import Clip
from worker.engines.base import Verdict
from worker.errors import Cancelled, EngineFailed, EnginePoisoned, OutOfMemory, WorkerError


class Speech:
    """A take of one clip, settled once: with its clip, or with the reason why there is none."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self._lock = threading.Lock()
        self._outcome: Clip | WorkerError | None = None
        self._settled = threading.Event()

    def __iter__(self) -> Iterator[Clip]:
        """Its clip, once there is one."""
        self._settled.wait()
        if isinstance(self._outcome, Clip):
            yield self._outcome
        elif self._outcome is not None:
            raise self._outcome

    @property
    def is_settled(self) -> bool:
        """Whether nobody waits for more."""
        return self._settled.is_set()

    def cancel(self) -> None:
        """Settles it whatever is under way, also where it has its clip and nobody read it."""
        with self._lock:
            self._outcome = Cancelled("the utterance was cancelled")
            self._settled.set()

    def settle(self, outcome: Clip | WorkerError) -> None:
        """Gives it its end; the first one counts."""
        with self._lock:
            if not self._settled.is_set():
                self._outcome = outcome
                self._settled.set()

    def attempt(self, work: Callable[[], None]) -> bool:
        """Does `work` for it unless it is settled; what goes wrong is raised where it is read. Whether it was done."""
        if self.is_settled:
            return False
        try:
            work()
        except Exception as error:  # noqa: BLE001 - raised again in the reader's thread
            self.settle(fault(error))
            return False
        return True


def fault(error: Exception) -> WorkerError:
    """What `error` means for the utterance it met, with `error` as its cause."""
    if isinstance(error, WorkerError):
        return error
    found: WorkerError
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        found = OutOfMemory("Chatterbox: the device ran out of memory on an utterance; send fewer jobs at once")
    elif isinstance(error, torch.AcceleratorError):
        found = EnginePoisoned("Chatterbox: the device failed; this worker has to be replaced")
    else:
        found = EngineFailed("Chatterbox: it failed on an utterance; the worker's log has the reason")
    found.__cause__ = error
    return found
