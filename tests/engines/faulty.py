"""An engine that fails as it is told to, and else speaks as the real engine inside it does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from voice_library.voice import Voice
from worker.audio.clip import Clip
from worker.engines.base import Engine, Take, Utterance, Verdict
from worker.errors import Cancelled, EngineFailed, WorkerError

HANG = "hang"
SILENCE = "silence"
NOTHING = "nothing"
Fault = WorkerError | str | None
"""An error to raise in the midst of a take, a way to misbehave, or nothing."""
Plan = Callable[[int, Utterance], Fault]
"""What becomes of an utterance, by how many the engine was given before it."""


def broken(error: type[WorkerError] = EngineFailed) -> Plan:
    return lambda _number, _utterance: error("planned")


def every(count: int) -> Plan:
    return lambda number, _utterance: EngineFailed("planned") if number % count == count - 1 else None


def only(*numbers: int, fault: Fault = None) -> Plan:
    return lambda number, _utterance: (fault or EngineFailed("planned")) if number in numbers else None


def where(word: str, fault: Fault = None) -> Plan:
    return lambda _number, utterance: (fault or EngineFailed("planned")) if word in utterance.text else None


def sound(_number: int, _utterance: Utterance) -> Fault:
    return None


class Faulty:
    """Notes what it was given and how often it was closed."""

    def __init__(self, inner: Engine, plan: Plan = sound) -> None:
        self._inner = inner
        self._plan = plan
        self._lock = threading.Lock()
        self.given: list[Utterance] = []
        self.takes: list[FaultyTake] = []
        self.closed = 0
        self.hangs = threading.Event()
        """Set once somebody waits for a take that never comes."""
        self.name = inner.name
        self.device = inner.device
        self.revision = inner.revision
        self.sample_rate = inner.sample_rate
        self.capabilities = inner.capabilities
        self.voices = inner.voices

    def can_speak(self, voice: Voice) -> bool:
        return self._inner.can_speak(voice)

    def remarks(self, text: str, language: str) -> tuple[str, ...]:
        return self._inner.remarks(text, language)

    def submit(self, utterance: Utterance) -> Take:
        with self._lock:
            number = len(self.given)
            self.given.append(utterance)
            take = FaultyTake(self, self._inner.submit(utterance), self._plan(number, utterance))
            self.takes.append(take)
        return take

    def close(self) -> None:
        self.closed += 1


class FaultyTake:
    def __init__(self, engine: Faulty, take: Take, fault: Fault) -> None:
        self._engine = engine
        self._take = take
        self._fault = fault
        self.cancelled = threading.Event()

    def __iter__(self) -> Iterator[Clip]:
        if self._fault == HANG:
            self._engine.hangs.set()
            assert self.cancelled.wait(20), "nobody cancelled it"
            raise Cancelled("the utterance was cancelled")
        for clip in self._take:
            if self.cancelled.is_set():
                raise Cancelled("the utterance was cancelled")
            if self._fault == NOTHING:
                return
            yield replace(clip, samples=0 * clip.samples) if self._fault == SILENCE else clip
            if isinstance(self._fault, WorkerError):
                raise self._fault

    @property
    def verdict(self) -> Verdict:
        return self._take.verdict

    def cancel(self) -> None:
        self.cancelled.set()
        self._take.cancel()
