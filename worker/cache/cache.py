"""The cache of a worker: memory, slow tiers behind it, and what is being rendered right now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from worker.audio.clip import Clip
from worker.cache.entry import Entry
from worker.cache.figures import CacheFigures, Tally
from worker.cache.flight import Flight
from worker.cache.memory import NAME as MEMORY
from worker.cache.memory import Memory
from worker.cache.takes import KeptTake, SharedTake
from worker.cache.tier import Tier
from worker.cache.writers import Writers
from worker.engines.base import Take, Verdict

LOOK_UPS = 16
"""In slow tiers at once."""
READERS = 256
"""Takes read at once: one per lane, of which there are so many at most."""


class Cache:
    """Utterances by key, as the fastest tier has them; for any number of threads.

    Memory is asked in the caller's thread. Slow tiers are asked in threads of the cache as soon as an utterance is
    submitted, so that those of a window are looked up side by side, the caller goes on at once, and what is not
    found is with its engine before anybody waits for it. What is rendered is in memory before its listeners hear the
    end, and in the slow tiers soon after.
    """

    def __init__(
        self, memory: Memory, tiers: Sequence[Tier], *, tally: Tally, clock: Callable[[], float] = time.time
    ) -> None:
        """`tiers` from the fastest on; `clock` gives seconds since the epoch."""
        self._memory = memory
        self._tiers = tuple(tiers)
        self._tally = tally
        self._clock = clock
        self._writers = Writers(tally)
        self._look_ups = ThreadPoolExecutor(LOOK_UPS, thread_name_prefix="cache-look-up")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="cache-reader")
        self._lock = threading.Lock()
        self._flights: dict[Hashable, Flight] = {}

    @property
    def figures(self) -> CacheFigures:
        """What it did since the worker started."""
        sizes = {tier.name: tier.size_bytes for tier in self._tiers} | {MEMORY: self._memory.size_bytes}
        return self._tally.figures({name: size for name, size in sizes.items() if size is not None})

    def take(self, key: str, render: Callable[[], Take], *, keeps: Callable[[Verdict], bool], policy: Hashable) -> Take:
        """The take of the utterance with that key: found, or rendered with others who ask for it under `policy`.

        Args:
            key: as `key_of` makes it.
            render: has it under way; called at most once, here unless there are slow tiers.
            keeps: whether a rendering with this verdict is worth keeping.
            policy: what else decides how it is rendered; only takes of one policy are shared.
        """
        name = (key, policy)
        with self._lock:
            if (entry := self._memory.get(key)) is not None:
                self._tally.count("hit", MEMORY)
                return KeptTake(entry)
            flight = self._flights.get(name)
            if flight is not None and flight.join():
                self._tally.count("shared")
                return SharedTake(flight)
            flight = self._flight(name, key, render, keeps)
            flight.join()
            self._flights[name] = flight
        if self._tiers:
            self._look_ups.submit(copy_context().run, flight.start)
        else:
            flight.start()
        return SharedTake(flight)

    def close(self, *, within_sec: float = 5.0) -> None:
        """Writes what waits to be written, for so long at most; then nothing is looked up or kept any more."""
        self._look_ups.shutdown(wait=False, cancel_futures=True)
        self._readers.shutdown(wait=False)
        self._writers.close(within_sec)

    def settle(self, *, within_sec: float) -> None:
        """Waits until what was kept so far is in the slow tiers, for so long at most."""
        self._writers.settle(within_sec)

    def _flight(self, name: Hashable, key: str, render: Callable[[], Take], keeps: Callable[[Verdict], bool]) -> Flight:
        def find() -> Entry | None:
            entry = self._found(key)
            if entry is None:
                self._tally.count("miss")
            return entry

        def keep(clips: list[Clip], verdict: Verdict) -> None:
            if keeps(verdict):
                self._keep(key, Entry(clips=tuple(clips), verdict=verdict, made_at=self._clock()))
            else:
                self._tally.count("unkept")

        def leave(flight: Flight) -> None:
            with self._lock:
                if self._flights.get(name) is flight:
                    del self._flights[name]

        return Flight(find=find, render=render, keep=keep, leave=leave, readers=self._readers)

    def _found(self, key: str) -> Entry | None:
        """The entry of the first slow tier that has it, which then goes to the faster ones."""
        for number, tier in enumerate(self._tiers):
            entry = tier.get(key)
            if entry is not None:
                self._tally.count("hit", tier.name)
                self._memory.put(key, entry)
                self._writers.write(key, entry, self._tiers[:number])
                return entry
        return None

    def _keep(self, key: str, entry: Entry) -> None:
        self._memory.put(key, entry)
        self._writers.write(key, entry, self._tiers)
