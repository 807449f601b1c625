"""The engines of a worker: known by name, loaded once, asked by utterance."""

from __future__ import annotations

import difflib
import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module

from voice_library.voice import Voice
from worker.engines.base import Engine, Take, Utterance
from worker.errors import InvalidSettings, UnknownEngine
from worker.logs import event
from worker.settings import Settings

MODULES: Mapping[str, str] = {
    "espeak": "worker.engines.espeak.engine",
    "tone": "worker.engines.tone",
}
"""Each module has `load(settings) -> Engine`; it is imported only when its engine is loaded."""

logger = logging.getLogger(__name__)


class Engines:
    """The loaded engines, in the order of preference."""

    def __init__(self, engines: Iterable[Engine], *, load_sec: float = 0.0) -> None:
        self._engines = {engine.name: engine for engine in engines}
        self.load_sec = load_sec
        """Seconds it took to load them all."""

    @classmethod
    def load(cls, settings: Settings) -> Engines:
        """Loads `settings.engines`.

        Raises:
            InvalidSettings: a name is not an engine.
            EngineUnavailable: an engine's library, data or weights are missing.

        """
        began = time.monotonic()
        loaded: list[Engine] = []
        for name in settings.engines:
            if name not in MODULES:
                raise InvalidSettings(f"TTS_ENGINES: no engine {name!r}; known: {', '.join(MODULES)}")
            engine_began = time.monotonic()
            loaded.append(import_module(MODULES[name]).load(settings))
            event(logger, "engine loaded", engine=name, load_sec=round(time.monotonic() - engine_began, 3))
        return cls(loaded, load_sec=time.monotonic() - began)

    def __iter__(self) -> Iterator[Engine]:
        """Engines in the order of preference."""
        return iter(self._engines.values())

    def __getitem__(self, name: str) -> Engine:
        """The loaded engine called `name`.

        Raises:
            UnknownEngine: it does not exist or is not loaded here.

        """
        try:
            return self._engines[name]
        except KeyError:
            raise UnknownEngine(self._missing(name), field="engine") from None

    @property
    def voices(self) -> tuple[Voice, ...]:
        """The voices the engines bring themselves."""
        return tuple(voice for engine in self for voice in engine.voices)

    def for_voice(self, voice: Voice) -> Engine | None:
        """The preferred engine that can speak `voice`."""
        return next((engine for engine in self if engine.can_speak(voice)), None)

    def submit(self, utterance: Utterance) -> Take:
        """Hands an utterance to its engine."""
        return self[utterance.engine].submit(utterance)

    def close(self) -> None:
        """Closes every engine."""
        for engine in self:
            engine.close()

    def _missing(self, name: str) -> str:
        loaded = f"loaded here: {', '.join(self._engines)}"
        if name in MODULES:
            return f"the engine {name!r} is not loaded on this worker (set TTS_ENGINES); {loaded}"
        near = difflib.get_close_matches(name, MODULES, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return f"no engine of that name; {hint}{loaded}"
