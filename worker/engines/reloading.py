"""Reloading: a fresh load takes the place of an engine that failed, while what is under way on the old one ends."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from worker.engines.base import Engine
from worker.engines.tenure import Tenure
from worker.logs import event

COOL_DOWN_SEC = 120.0
"""Seconds between two loads of an engine: a model takes up to half a minute, and the others speak slower meanwhile."""
GRACE_SEC = 30.0
"""Seconds that takes under way on the old engine have to end by themselves; an utterance takes a few."""

Load = Callable[[], Engine]
Reload = Future[bool]
"""Whether there is a fresh load to try; done at once where there is nothing to wait for."""

logger = logging.getLogger(__name__)


class Reloading:
    """Loads engines anew, one at a time and none too often. Safe to use from several threads."""

    def __init__(
        self,
        loads: Mapping[str, Load],
        *,
        tenure_of: Callable[[str], Tenure],
        install: Callable[[Tenure], None],
        clock: Callable[[], float] = time.monotonic,
        cool_down_sec: float = COOL_DOWN_SEC,
        grace_sec: float = GRACE_SEC,
    ) -> None:
        """`install` puts a tenure in the place of the one that `tenure_of` its name gives until then."""
        self._loads = loads
        self._tenure_of = tenure_of
        self._install = install
        self._clock = clock
        self._cool_down_sec = cool_down_sec
        self._grace_sec = grace_sec
        self._lock = threading.Lock()
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="engine-reload")
        self._under_way: dict[str, Reload] = {}
        self._not_before: dict[str, float] = {}
        """By the clock."""
        self._retiring: dict[Tenure, threading.Thread] = {}
        self._closed = False

    def ask(self, name: str, *, since: int) -> Reload:
        """A fresh load of the engine, unless there is one of a later generation than `since` already.

        The future has False where the engine was loaded anew a moment ago or nothing is known of how to load it,
        and the error where the load fails; the old engine stays in place then.
        """
        with self._lock:
            if self._tenure_of(name).generation > since:
                return _done(outcome=True)
            if name in self._under_way:
                return self._under_way[name]
            rests = self._clock() < self._not_before.get(name, -math.inf)
            if self._closed or rests or name not in self._loads:
                return _done(outcome=False)
            reload = self._under_way[name] = self._loader.submit(self._replace, name)
            reload.add_done_callback(partial(_log, name))
            return reload

    def close(self) -> None:
        """Waits for a load under way, and ends the engines that were replaced."""
        with self._lock:
            self._closed = True
        self._loader.shutdown()
        for tenure, thread in list(self._retiring.items()):
            tenure.end(grace_sec=0)
            thread.join()

    def _replace(self, name: str) -> bool:
        try:
            engine = self._loads[name]()
            old = self._tenure_of(name)
            self._install(Tenure(engine, old.breaker, generation=old.generation + 1))
            old.retire()
            self._see_off(old)
        finally:
            with self._lock:
                self._not_before[name] = self._clock() + self._cool_down_sec
                del self._under_way[name]
        return True

    def _see_off(self, tenure: Tenure) -> None:
        self._retiring = {other: thread for other, thread in self._retiring.items() if thread.is_alive()}
        thread = threading.Thread(target=tenure.end, args=(self._grace_sec,), name="engine-retire", daemon=True)
        self._retiring[tenure] = thread
        thread.start()


def _done(*, outcome: bool) -> Reload:
    reload: Reload = Future()
    reload.set_result(outcome)
    return reload


def _log(name: str, reload: Reload) -> None:
    error = reload.exception()
    if error is None:
        event(logger, "engine loaded anew", engine=name)
    else:
        logger.error("the engine %r could not be loaded anew", name, exc_info=error)
