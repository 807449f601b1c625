"""The engines of a worker: known by name, loaded once, asked by utterance."""

from __future__ import annotations

import difflib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib import import_module
from types import MappingProxyType

from voice_library.voice import Voice
from worker.engines.base import Engine, Take, Utterance
from worker.errors import EngineUnavailable, InvalidSettings, UnknownEngine
from worker.logs import event
from worker.settings import Settings

MODULES: Mapping[str, str] = {
    "espeak": "worker.engines.espeak.engine",
    "tone": "worker.engines.tone",
    "chatterbox": "worker.engines.chatterbox.engine",
    "chatterbox-multilingual": "worker.engines.chatterbox.engine",
    "chatterbox-multilingual-v2": "worker.engines.chatterbox.engine",
    "chatterbox-turbo": "worker.engines.chatterbox.engine",
    "chatterbox-nano": "worker.engines.chatterbox.engine",
}
"""Each module has `load(name, settings) -> Engine`; it is imported only when its engine is loaded."""

Load = Callable[[], Engine]

logger = logging.getLogger(__name__)


class Engines:
    """The loaded engines, in the order of preference, and those that are loaded when they are first asked for."""

    def __init__(
        self, engines: Iterable[Engine], *, load_sec: float = 0.0, later: Mapping[str, Load] = MappingProxyType({})
    ) -> None:
        self._engines = {engine.name: engine for engine in engines}
        self._later = later
        self._loading = threading.Lock()
        self.load_sec = load_sec
        """Seconds it took to load them all at start."""
        self.on_load: Callable[[Engine], None] = _ignore
        """Told of each engine that is loaded later, before anybody speaks with it."""

    @classmethod
    def load(cls, settings: Settings) -> Engines:
        """Loads `settings.engines`; `settings.lazy_engines` wait.

        Raises:
            InvalidSettings: a name is not an engine.
            EngineUnavailable: an engine's library, data or weights are missing, or there is no memory for it.

        """
        for setting, names in (("TTS_ENGINES", settings.engines), ("TTS_LAZY_ENGINES", settings.lazy_engines)):
            for name in names:
                if name not in MODULES:
                    raise InvalidSettings(f"{setting}: no engine {name!r}; known: {', '.join(MODULES)}")
        began = time.monotonic()
        loaded = [_loaded(name, settings) for name in settings.engines]
        later = {name: partial(_loaded, name, settings) for name in settings.lazy_engines}
        return cls(loaded, load_sec=time.monotonic() - began, later=later)

    def __iter__(self) -> Iterator[Engine]:
        """The engines that are loaded, in the order of preference."""
        return iter(list(self._engines.values()))

    def __getitem__(self, name: str) -> Engine:
        """The engine called `name`, loaded now if it is one of those that wait to be asked for.

        Raises:
            UnknownEngine: it does not exist or is not loaded here.
            EngineUnavailable: it cannot be loaded.

        """
        if name not in self._engines and name in self._later:
            self._load_later(name)
        try:
            return self._engines[name]
        except KeyError:
            raise UnknownEngine(self._missing(name), field="engine") from None

    @property
    def voices(self) -> tuple[Voice, ...]:
        """The voices the engines bring themselves."""
        return tuple(voice for engine in self for voice in engine.voices)

    def submit(self, utterance: Utterance) -> Take:
        """Hands an utterance to its engine."""
        return self[utterance.engine].submit(utterance)

    def close(self) -> None:
        """Closes every engine."""
        for engine in self:
            engine.close()

    def _load_later(self, name: str) -> None:
        with self._loading:
            if name in self._engines:
                return
            engine = self._later[name]()
            self.on_load(engine)
            self._engines = {**self._engines, name: engine}

    def _missing(self, name: str) -> str:
        loaded = f"loaded here: {', '.join([*self._engines, *(set(self._later) - set(self._engines))])}"
        if name in MODULES:
            return f"the engine {name!r} is not loaded on this worker (set TTS_ENGINES); {loaded}"
        near = difflib.get_close_matches(name, MODULES, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return f"no engine of that name; {hint}{loaded}"


def _loaded(name: str, settings: Settings) -> Engine:
    began = time.monotonic()
    try:
        module = import_module(MODULES[name])
    except ModuleNotFoundError as error:
        raise EngineUnavailable(
            f"the engine {name!r} needs {error.name}, which is not installed: `make neural MODELS={name}` installs it"
        ) from error
    engine: Engine = module.load(name, settings)
    event(logger, "engine loaded", engine=name, device=engine.device, load_sec=round(time.monotonic() - began, 3))
    return engine


def _ignore(engine: Engine) -> None:
    """Does nothing."""
