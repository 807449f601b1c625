"""An engine that falls ill on demand: it does what the text of an utterance names."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np

from voice_library.voice import Voice
from worker.audio.clip import Clip
from worker.engines.base import Capabilities, LazyTake, Take, Utterance, Verdict
from worker.errors import EngineFailed, EnginePoisoned
from worker.settings import Settings

SAMPLE_RATE = 16_000


def load(_name: str, _settings: Settings) -> SickEngine:
    return SickEngine()


class SickEngine:
    name = "sick"
    sample_rate = SAMPLE_RATE
    device = "cpu"
    revision = "1"
    capabilities = Capabilities(languages=frozenset({"en"}), max_chars=1000)
    voices = (Voice(id="sick-voice", names=("Sick",), language="en", gender="neutral", engines={"sick": {}}),)

    def can_speak(self, voice: Voice) -> bool:
        return self.name in voice.engines

    def remarks(self, _text: str, _language: str) -> tuple[str, ...]:
        return ()

    def submit(self, utterance: Utterance) -> Take:
        def render(_cancelled: threading.Event) -> Iterator[Clip]:
            samples = 0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)
            if "poison" in utterance.text:
                raise EnginePoisoned("a kernel reported an error; this process cannot use the device any more")
            if "fail" in utterance.text:
                raise EngineFailed("the engine gave up")
            if "crash" in utterance.text:
                raise ZeroDivisionError
            if "nan" in utterance.text:
                samples[7] = np.nan
            if "silence" in utterance.text:
                samples[:] = 0
            yield Clip(samples=samples, sample_rate=SAMPLE_RATE)

        return LazyTake(Verdict(seed=utterance.seed, engine=self.name), render)

    def close(self) -> None:
        pass
