"""A take under way: its clips are made by the engine's threads, and waited for by whoever reads it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import torch

from worker.audio.clip import Clip
from worker.engines.base import Verdict
from worker.errors import Cancelled, EngineFailed, EnginePoisoned, OutOfMemory, WorkerError


class Speech:
    """A take that is given its clips one after another, and settled once: as complete, or with what went wrong."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self._changed = threading.Condition()
        self._clips: list[Clip] = []
        self._error: WorkerError | None = None
        self._settled = False

    def __iter__(self) -> Iterator[Clip]:
        """Its clips, each once it is there."""
        number = 0
        while (clip := self._awaited(number)) is not None:
            yield clip
            number += 1

    @property
    def is_settled(self) -> bool:
        """Whether nobody waits for more."""
        return self._settled

    def cancel(self) -> None:
        """Settles it whatever is under way, also where its clips are there and nobody read them."""
        with self._changed:
            self._error = Cancelled("the utterance was cancelled")
            self._settled = True
            self._changed.notify_all()

    def give(self, clip: Clip) -> None:
        """Its next clip; one that comes after the end is dropped."""
        with self._changed:
            if not self._settled:
                self._clips.append(clip)
                self._changed.notify_all()

    def settle(self, outcome: Clip | WorkerError | None = None) -> None:
        """Gives it its end, with a last clip or with what went wrong; the first one counts."""
        with self._changed:
            if self._settled:
                return
            if isinstance(outcome, Clip):
                self._clips.append(outcome)
            else:
                self._error = outcome
            self._settled = True
            self._changed.notify_all()

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

    def _awaited(self, number: int) -> Clip | None:
        """The clip of that number; none where it has no more. What went wrong comes before clips nobody has read."""
        with self._changed:
            self._changed.wait_for(lambda: self._settled or number < len(self._clips))
            if self._error is not None:
                raise self._error
            return self._clips[number] if number < len(self._clips) else None


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
