"""Falling back: an utterance that an engine fails at goes to a fresh load of it, then to its understudies in order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from worker.audio.clip import Clip
from worker.engines.base import Submit, Take, Utterance, Verdict
from worker.engines.registry import Engines
from worker.errors import (
    Cancelled,
    EngineFailed,
    EnginePoisoned,
    EngineUnavailable,
    OutOfMemory,
    RequestError,
    WorkerError,
)
from worker.takes.company import Begun, Company, Note
from worker.takes.trail import Rendering, Trail
from worker.takes.understudy import Understudy

RESTING = "engine_resting"
"""Why an engine was passed over whose breaker is open."""

logger = logging.getLogger(__name__)


def falling_back(submit: Submit, understudies: Sequence[Understudy], engines: Engines, *, note: Note) -> Submit:
    """`submit` for one speaker of one job, whose takes end well if anybody in the cascade can say the utterance.

    An utterance is heard whole by one voice, at the sample rate of the engine asked for. The first that an understudy
    has to say is an exception, after which the voice asked for comes back; the second one, or one that falls while the
    engine's breaker is open, leaves the rest of the job to whoever said it.
    """
    if not understudies:
        return submit
    company = Company(submit, tuple(understudies), engines, note)

    def submit_falling(utterance: Utterance) -> Take:
        return _FallingTake(company, utterance)

    return submit_falling


class _FallingTake:
    """A take that goes down the cascade as it is read; it has begun before with an engine that is known to work."""

    def __init__(self, company: Company, utterance: Utterance) -> None:
        self._company = company
        self._utterance = utterance
        self._sample_rate = company.engines[utterance.engine].sample_rate
        self._lock = threading.Lock()
        self._cancelled: Future[None] = Future()
        self._current: Take | None = None
        self._ready: Begun | None = None
        self.verdict = Verdict(seed=utterance.seed, engine=utterance.engine)
        if company.is_certain(utterance):
            self._ready = self._begun(company.first)

    def __iter__(self) -> Iterator[Clip]:
        """The clips of whoever could say it.

        Raises:
            Cancelled: `cancel` came before the end.
            RequestError: whom the job asked for refuses the utterance.
            EngineFailed: nobody could say it.

        """
        company, trail = self._company, Trail(list(self._company.because))
        self._go_down(trail)
        best = trail.best
        if best is None:
            raise _nobody(trail)
        understudy = company.understudy(best.number)
        company.settle(best.number, self._utterance, tuple(dict.fromkeys(trail.because)))
        self.verdict = trail.judged(best, self._utterance, understudy)
        self._current = None
        yield from [understudy.fitted(best.clips, self._utterance, self._sample_rate)] if understudy else best.clips

    def cancel(self) -> None:
        """Ends whatever is under way, a wait for a fresh load too."""
        with self._lock:
            if not self._cancelled.done():
                self._cancelled.set_result(None)
            current = self._current
        if current is not None:
            current.cancel()

    def _go_down(self, trail: Trail) -> None:
        """Asks one after the other until one has said it without doubt; those that rest are asked where all failed."""
        company = self._company
        resting: list[int] = []
        for number in range(company.first, len(company)):
            if self._has_no_part(number, trail):
                continue
            if self._is_admitted(number):
                self._try(number, trail)
            else:
                resting.append(number)
                trail.reject(self._utterance.seed, company.engine(number, self._utterance), RESTING)
                company.note(RESTING)
            if trail.best is not None and not trail.best.verdict.failed:
                return
        for number in (*resting, *range(company.first)):
            if trail.best is None and not self._has_no_part(number, trail):
                self._try(number, trail)

    def _has_no_part(self, number: int, trail: Trail) -> bool:
        """Whether an understudy is not asked: it is there for errors and there was none, or it cannot say the text."""
        understudy = self._company.understudy(number)
        if understudy is None:
            return False
        if trail.best is not None and understudy.on == "error":
            return True
        obstacle = understudy.obstacle(self._utterance)
        if obstacle:
            trail.reject(self._utterance.seed, understudy.engine, obstacle)
        return obstacle is not None

    def _is_admitted(self, number: int) -> bool:
        if self._ready is not None and self._ready.number == number:
            return True
        return self._company.breaker(number, self._utterance).admits()

    def _try(self, number: int, trail: Trail) -> None:
        """Asks a member of the company, and a fresh load of its engine where that fails."""
        begun = self._taken_up(number)
        error = self._heard(begun, trail)
        if error is not None and self._is_loaded_anew(begun, error, trail):
            self._heard(self._begun(number), trail)

    def _taken_up(self, number: int) -> Begun:
        """What has begun already, if it is by `number`; what another has begun is not needed any more."""
        ready, self._ready = self._ready, None
        if ready is not None and ready.number == number:
            return ready
        if ready is not None and not isinstance(ready.take, WorkerError):
            ready.take.cancel()
        return self._begun(number)

    def _begun(self, number: int) -> Begun:
        self._stop_if_cancelled()
        begun = self._company.begin(number, self._utterance)
        if not isinstance(begun.take, WorkerError):
            with self._lock:
                self._current = begun.take
            if self._cancelled.done():
                begun.take.cancel()
        return begun

    def _heard(self, begun: Begun, trail: Trail) -> WorkerError | None:
        """Reads what is begun to its end; the error where there is nothing to keep of it."""
        try:
            trail.add(Rendering.of(begun))
        except (EngineFailed, EngineUnavailable, RequestError) as error:
            self._stop_if_cancelled()
            if isinstance(error, RequestError) and not begun.number:
                raise
            logger.warning("an engine failed, trying the next way", exc_info=error)
            self._company.note(error.code)
            trail.failures += 1
            trail.reject(self._utterance.seed, self._company.engine(begun.number, self._utterance), error.code)
            return error
        return None

    def _is_loaded_anew(self, begun: Begun, error: WorkerError, trail: Trail) -> bool:
        """Waits for a fresh load where one can help: the engine failed, not a check, and it did not end or run full."""
        engine = self._company.engine(begun.number, self._utterance)
        works = not self._company.breaker(begun.number, self._utterance).failures
        if works or isinstance(error, EnginePoisoned | OutOfMemory | RequestError):
            return False
        reload = self._company.engines.reload(engine, since=begun.generation)
        either: list[Future[Any]] = [reload, self._cancelled]
        wait(either, return_when=FIRST_COMPLETED)
        self._stop_if_cancelled()
        fault = reload.exception()
        if fault is None:
            return reload.result()
        code = fault.code if isinstance(fault, WorkerError) else EngineUnavailable.code
        self._company.note(code)
        trail.reject(self._utterance.seed, engine, code)
        return False

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.done():
            raise Cancelled("the utterance was cancelled")


def _nobody(trail: Trail) -> EngineFailed:
    tried = ", ".join(dict.fromkeys(f"{each.engine!r} ({each.failed[0]})" for each in trail.rejected))
    return EngineFailed(f"neither the engine asked for nor the fallback could say an utterance: {tried}")
