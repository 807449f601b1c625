"""The batch: utterances of all jobs wait for rows of the decoder, and leave them with their speech tokens."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from worker.engines.chatterbox.decoder.decoder import Decoder, Slot
from worker.engines.chatterbox.decoder.sampling import Sampling
from worker.engines.chatterbox.speech import Speech, fault

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """What the decoder is to say."""

    speech: Speech
    """Whose tokens they are."""
    opening: Tensor
    text: Tensor
    sampling: Sampling
    seed: int
    token_limit: int
    spoken: Callable[[Line, Slot], None]
    """Called from the batch's thread, once, with the slot that has all its tokens; it must not take long."""
    attempt: int = 1
    """How often it has been tried, this time included."""


class Batch:
    """One thread that keeps a decoder busy; lines are admitted in the order they came, as rows become free."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._waiting: deque[Line] = deque()
        self._under_way: dict[Slot, Line] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="chatterbox-batch", daemon=True)
        self._thread.start()

    def add(self, line: Line) -> None:
        """Has `line` said; returns at once."""
        with self._changed:
            self._waiting.append(line)
            self._changed.notify()

    def close(self) -> None:
        """Ends the thread; what is under way is left."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while self._has_work():
            try:
                self._admit()
                self._release_settled()
                ended = self._decoder.step()
            except Exception as error:  # noqa: BLE001 - raised again where each of them is read
                self._give_up(error)
                continue
            for slot in ended:
                line = self._under_way.pop(slot)
                line.speech.attempt(partial(line.spoken, line, slot))

    def _has_work(self) -> bool:
        """Waits for some; false once the batch is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting or self._under_way)
            return not self._closed

    def _admit(self) -> None:
        while line := self._next_that_fits():
            line.speech.attempt(partial(self._seat, line))

    def _next_that_fits(self) -> Line | None:
        with self._changed:
            while self._waiting and self._waiting[0].speech.is_settled:
                self._waiting.popleft()
            if self._waiting and self._waiting[0].text.shape[0] <= self._decoder.free_rows:
                return self._waiting.popleft()
            return None

    def _seat(self, line: Line) -> None:
        slot = self._decoder.admit(line.opening, line.text, line.sampling, seed=line.seed, token_limit=line.token_limit)
        self._under_way[slot] = line

    def _release_settled(self) -> None:
        for slot, line in list(self._under_way.items()):
            if line.speech.is_settled:
                del self._under_way[slot]
                self._decoder.release(slot)

    def _give_up(self, error: Exception) -> None:
        """Every utterance under way shares the step that failed."""
        logger.error("a step of the batch failed", exc_info=error)
        for slot, line in self._under_way.items():
            self._decoder.release(slot)
            line.speech.settle(fault(error))
        self._under_way.clear()
