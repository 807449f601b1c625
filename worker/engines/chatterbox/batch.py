"""The batch: utterances of all jobs wait for rows of the decoder, and leave them with their speech tokens."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from worker.engines.chatterbox.allowance import Allowance
from worker.engines.chatterbox.decoder.decoder import Decoder, Slot
from worker.engines.chatterbox.decoder.prefill import Prompt
from worker.engines.chatterbox.decoder.sampling import Sampling
from worker.engines.chatterbox.memory import SHORTAGE, release_cached
from worker.engines.chatterbox.schedule import Schedule
from worker.engines.chatterbox.speech import Speech, fault
from worker.request import Priority

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """What the decoder is to say; said again from its beginning, it is the same."""

    speech: Speech
    """Whose tokens they are."""
    prompt: Prompt
    sampling: Sampling
    seed: int
    token_limit: int
    spoken: Callable[[Line, Slot], None]
    """Called from the batch's thread, once, with the slot that has all its tokens; it must not take long."""
    told: Callable[[Line, Slot], None] | None = None
    """Called in the same way after every step with the slot that has its first tokens, if somebody listens already. A
    line that begins again says again what was heard."""
    attempt: int = 1
    """How often it has been tried, this time included."""
    job: str = ""
    priority: Priority = "normal"

    @property
    def rows(self) -> int:
        """Rows it holds: one, or guided, two."""
        return self.prompt.rows

    @property
    def positions(self) -> int:
        """What is computed to admit it."""
        return self.prompt.positions


class Batch:
    """One thread that keeps a decoder busy; the schedule says who is admitted as rows become free.

    Whoever is taken out of it before its end, because memory ran out or another job's turn has come, begins again
    later and says the same, for its tokens depend on nothing else that is under way.
    """

    def __init__(
        self, decoder: Decoder, *, schedule: Schedule[Line] | None = None, allowance: Allowance | None = None
    ) -> None:
        self._decoder = decoder
        self._rows = decoder.free_rows
        self._schedule: Schedule[Line] = Schedule() if schedule is None else schedule
        self._allowance = Allowance(self._rows) if allowance is None else allowance
        self._arrived: list[Line] = []
        self._under_way: dict[Slot, Line] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._preparing = True
        """Whether the decoder has something to make ready while nobody speaks."""
        self._thread = threading.Thread(target=self._run, name="chatterbox-batch", daemon=True)
        self._thread.start()

    @property
    def limit(self) -> int:
        """Rows that may be in use: all of them, unless memory ran out not long ago."""
        return self._allowance.rows

    @property
    def rows_in_use(self) -> int:
        """Rows that utterances hold."""
        return self._rows - self._decoder.free_rows

    def add(self, line: Line) -> None:
        """Has `line` said; returns at once."""
        with self._changed:
            self._arrived.append(line)
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
                self._leave_settled()
                self._admit()
                if self._under_way:
                    self._step()
                else:
                    self._prepare()
            except SHORTAGE as error:
                self._run_short(error)
            except Exception as error:  # noqa: BLE001 - raised again where each of them is read
                self._give_up(error)

    def _has_work(self) -> bool:
        """Waits for some and takes it in; false once the batch is closed."""
        with self._changed:
            self._changed.wait_for(self._is_wanted)
            arrived, self._arrived = self._arrived, []
        for line in arrived:
            self._schedule.add(line)
        return not self._closed

    def _is_wanted(self) -> bool:
        return bool(self._closed or self._arrived or self._under_way or self._schedule.waiting or self._preparing)

    def _prepare(self) -> None:
        """A little at a time, and not again once it failed."""
        self._preparing, due = False, self._preparing
        self._preparing = due and self._decoder.prepare()

    def _leave_settled(self) -> None:
        self._schedule.drop(lambda line: line.speech.is_settled)
        for slot, line in list(self._under_way.items()):
            if line.speech.is_settled:
                self._release(slot)
                self._schedule.ended(line)

    def _admit(self) -> None:
        while True:
            if line := self._schedule.next(self._free_rows()):
                if not line.speech.attempt(partial(self._seat, line)):
                    self._schedule.ended(line)
            elif line := self._schedule.giving_way(self._free_rows()):
                self._release(next(slot for slot, other in self._under_way.items() if other is line))
                self._schedule.put_back([line])
            else:
                return

    def _free_rows(self) -> int:
        """Rows to be given away; below 0 where more are in use than are allowed by now. One utterance always may."""
        free_rows = self._decoder.free_rows
        return min(free_rows, self.limit - self.rows_in_use) if self._under_way else free_rows

    def _seat(self, line: Line) -> None:
        try:
            slot = self._decoder.admit(line.prompt, line.sampling, seed=line.seed, token_limit=line.token_limit)
        except SHORTAGE:
            if not self._under_way:
                release_cached()
                raise
            self._shrink([line], self.rows_in_use + line.rows)
        else:
            self._under_way[slot] = line

    def _step(self) -> None:
        ended = self._decoder.step()
        self._schedule.stepped()
        if self._allowance.stepped():
            logger.info("memory was enough for a while", extra={"figures": {"row_limit": self.limit}})
        for slot in ended:
            line = self._under_way.pop(slot)
            self._schedule.ended(line)
            line.speech.attempt(partial(line.spoken, line, slot))
        for slot, line in self._under_way.items():
            if line.told is not None:
                line.speech.attempt(partial(line.told, line, slot))

    def _run_short(self, error: Exception) -> None:
        """Those whose step it was begin again, fewer at a time; one that was alone has failed."""
        in_use, lines = self.rows_in_use, list(self._under_way.values())
        for slot in list(self._under_way):
            self._release(slot)
        if len(lines) > 1:
            self._shrink(lines, in_use)
            return
        for line in lines:
            self._schedule.ended(line)
            line.speech.settle(fault(error))
        release_cached()

    def _shrink(self, lines: list[Line], in_use: int) -> None:
        """Puts `lines` back; from here on half of the `in_use` rows are used at most."""
        self._schedule.put_back(lines)
        self._allowance.halve(in_use)
        release_cached()
        figures = {"rows_in_use": in_use, "row_limit": self.limit, "rows": self._rows, "put_back": len(lines)}
        logger.warning("out of memory: the batch goes on with fewer rows", extra={"figures": figures})

    def _release(self, slot: Slot) -> None:
        del self._under_way[slot]
        self._decoder.release(slot)

    def _give_up(self, error: Exception) -> None:
        """Every utterance under way shares the step that failed."""
        logger.error("a step of the batch failed", exc_info=error)
        slots, lines = list(self._under_way), list(self._under_way.values())
        for line in lines:
            self._schedule.ended(line)
            line.speech.settle(fault(error))
        for slot in slots:
            self._release(slot)
