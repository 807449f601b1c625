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
from worker.audio.clip import Clip
from worker.engines.base import ConvertingEngine, Engine, Take, Utterance
from worker.engines.breaker import Breaker
from worker.engines.reloading import COOL_DOWN_SEC, GRACE_SEC, Load, Reload, Reloading
from worker.engines.tenure import Begin, Tenure
from worker.errors import EngineUnavailable, InvalidSettings, UnknownEngine, UnsupportedJob
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

logger = logging.getLogger(__name__)


class Engines:
    """The loaded engines, in the order of preference, and those that are loaded when they are first asked for."""

    def __init__(
        self,
        engines: Iterable[Engine],
        *,
        load_sec: float = 0.0,
        loads: Mapping[str, Load] = MappingProxyType({}),
        clock: Callable[[], float] = time.monotonic,
        reload_cool_down_sec: float = COOL_DOWN_SEC,
        grace_sec: float = GRACE_SEC,
    ) -> None:
        """`loads` says how engines are loaded: those not among `engines` when they are asked for, the others anew."""
        self._clock = clock
        self._tenures = {engine.name: Tenure(engine, Breaker(clock=clock)) for engine in engines}
        self._loads = loads
        self._loading = threading.Lock()
        self._reloading = Reloading(
            loads,
            tenure_of=self._tenure,
            install=self._install,
            clock=clock,
            cool_down_sec=reload_cool_down_sec,
            grace_sec=grace_sec,
        )
        self.load_sec = load_sec
        """Seconds it took to load them all at start."""
        self.on_load: Callable[[Engine], None] = _ignore
        """Told of each engine that is loaded later, before anybody speaks with it; not of one that is loaded anew."""

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
        loads = {name: partial(_loaded, name, settings) for name in (*settings.engines, *settings.lazy_engines)}
        loaded = [loads[name]() for name in settings.engines]
        return cls(loaded, load_sec=time.monotonic() - began, loads=loads)

    def __iter__(self) -> Iterator[Engine]:
        """The engines that are loaded, in the order of preference."""
        return iter([tenure.engine for tenure in self._tenures.values()])

    def __getitem__(self, name: str) -> Engine:
        """The engine called `name`, loaded now if it is one of those that wait to be asked for.

        Raises:
            UnknownEngine: it does not exist or is not loaded here.
            EngineUnavailable: it cannot be loaded.

        """
        return self._tenure(name).engine

    @property
    def voices(self) -> tuple[Voice, ...]:
        """The voices the engines bring themselves."""
        return tuple(voice for engine in self for voice in engine.voices)

    def submit(self, utterance: Utterance) -> Take:
        """Hands an utterance to its engine, whose breaker hears what comes of it."""
        return self._begin(utterance.engine, lambda engine: engine.submit(utterance))

    def convert(self, name: str, source: Clip, voice: Voice, *, seed: int) -> Take:
        """Hands a recording to the engine called `name`; otherwise as `submit`."""

        def begin(engine: Engine) -> Take:
            if not isinstance(engine, ConvertingEngine):
                raise UnsupportedJob(f"the engine {name!r} is not one that converts recordings", field="engine")
            return engine.convert(source, voice, seed=seed)

        return self._begin(name, begin)

    def breaker(self, name: str) -> Breaker:
        """Whether the engine called `name` works, going by what it was asked last; it outlives a reload."""
        return self._tenure(name).breaker

    def generation(self, name: str) -> int:
        """How often the engine called `name` has been loaded anew."""
        return self._tenure(name).generation

    def reload(self, name: str, *, since: int) -> Reload:
        """A fresh load in the place of an engine that failed in the generation `since`; returns at once.

        The engines are loaded one at a time, each at most once per cool-down; who asks meanwhile gets the load
        under way. The old engine stays where that fails. It is closed once the takes under way on it have ended,
        which after a while they do with EngineFailed.
        """
        return self._reloading.ask(name, since=since)

    def close(self) -> None:
        """Closes every engine; a take under way fails."""
        self._reloading.close()
        for tenure in self._tenures.values():
            tenure.end(grace_sec=0)

    def _begin(self, name: str, begin: Begin) -> Take:
        while True:
            tenure = self._tenure(name)
            take = tenure.begin(begin)
            if take is not None:
                return take
            if self._tenure(name) is tenure:
                raise EngineUnavailable(f"the engine {name!r} is closed: the worker is about to leave")

    def _tenure(self, name: str) -> Tenure:
        if name not in self._tenures and name in self._loads:
            self._load_later(name)
        try:
            return self._tenures[name]
        except KeyError:
            raise UnknownEngine(self._missing(name), field="engine") from None

    def _load_later(self, name: str) -> None:
        with self._loading:
            if name in self._tenures:
                return
            engine = self._loads[name]()
            self.on_load(engine)
            self._tenures = {**self._tenures, name: Tenure(engine, Breaker(clock=self._clock))}

    def _install(self, tenure: Tenure) -> None:
        with self._loading:
            self._tenures = {**self._tenures, tenure.engine.name: tenure}

    def _missing(self, name: str) -> str:
        loaded = f"loaded here: {', '.join([*self._tenures, *(set(self._loads) - set(self._tenures))])}"
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
