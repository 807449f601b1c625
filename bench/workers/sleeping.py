"""This worker with an engine that sleeps: what remains is the cost of the path around an engine.

It is `handler.py` itself that runs; only the table of engines has one more line.
"""

from __future__ import annotations

import runpy
import threading
from collections.abc import Iterator

import numpy as np

from voice_library.voice import Voice
from worker.audio.clip import Clip
from worker.engines import registry
from worker.engines.base import Capabilities, LazyTake, Take, Utterance, Verdict
from worker.settings import REPOSITORY, Settings

NAME = "sleeping"
VOICE = f"{NAME}-voice"
TAKE_SEC = 0.2
"""How long the engine is busy with an utterance."""
SAMPLE_RATE = 16_000


def load(name: str, settings: Settings) -> SleepingEngine:  # noqa: ARG001 - the shape every engine's `load` has
    """The engine; nothing has to be read."""
    return SleepingEngine()


class SleepingEngine:
    """Takes TAKE_SEC for every utterance and gives a tenth of a second of noise."""

    name = NAME
    device = "cpu"
    revision = "1"
    sample_rate = SAMPLE_RATE
    capabilities = Capabilities(languages=frozenset({"en"}), max_chars=1000)

    def __init__(self) -> None:
        self.voices = (Voice(id=VOICE, names=("Sleeping",), language="en", gender="neutral", engines={NAME: {}}),)

    def can_speak(self, voice: Voice) -> bool:
        """Its own voice only."""
        return self.name in voice.engines

    def remarks(self, text: str, language: str) -> tuple[str, ...]:  # noqa: ARG002 - it reads none
        """Nothing."""
        return ()

    def submit(self, utterance: Utterance) -> Take:
        """A take that sleeps in its reader's thread, as one that computes would."""
        return LazyTake(Verdict(seed=utterance.seed, engine=self.name), _asleep)

    def close(self) -> None:
        """Nothing is held."""


def _asleep(cancelled: threading.Event) -> Iterator[Clip]:
    cancelled.wait(TAKE_SEC)
    noise = np.random.default_rng(1).standard_normal(SAMPLE_RATE // 10)
    yield Clip(samples=(0.1 * noise).astype(np.float32), sample_rate=SAMPLE_RATE)


if __name__ == "__main__":
    registry.MODULES = {**registry.MODULES, NAME: "bench.workers.sleeping"}
    runpy.run_path(str(REPOSITORY / "handler.py"), run_name="__main__")
