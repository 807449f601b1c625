"""Ability: which of the loaded engines can do what a job needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn, Protocol, runtime_checkable

from worker.engines.base import BlendingEngine, CloningEngine, ConvertingEngine, Engine
from worker.engines.registry import Engines
from worker.errors import UnsupportedJob


@runtime_checkable
class CloningConverter(CloningEngine, ConvertingEngine, Protocol):
    """An engine that says a recording again as anybody it has heard."""


@runtime_checkable
class BlendingConverter(BlendingEngine, ConvertingEngine, Protocol):
    """An engine that says a recording again as somebody between several it has heard."""


def cloning_engines(asked: str, engines: Engines) -> list[CloningEngine]:
    """Those that clone voices, the preferred first; the one asked for alone, unless that is "auto".

    Raises:
        UnknownEngine, UnsupportedJob: the one asked for is not loaded, or there is none that can.

    """
    able = [one for one in _asked(asked, engines) if isinstance(one, CloningEngine)]
    others = [one.name for one in engines if isinstance(one, CloningEngine)]
    return able or _refuse(asked, engines, "clones voices", others)


def converting_engines(asked: str, engines: Engines) -> list[ConvertingEngine]:
    """Those that convert recordings; otherwise as `cloning_engines`."""
    able = [one for one in _asked(asked, engines) if isinstance(one, ConvertingEngine)]
    others = [one.name for one in engines if isinstance(one, ConvertingEngine)]
    return able or _refuse(asked, engines, "converts recordings", others)


def cloning_converters(asked: str, engines: Engines) -> list[CloningConverter]:
    """Those that convert recordings to the voice of another; otherwise as `cloning_engines`."""
    able = [one for one in _asked(asked, engines) if isinstance(one, CloningConverter)]
    others = [one.name for one in engines if isinstance(one, CloningConverter)]
    return able or _refuse(asked, engines, "converts recordings to cloned voices", others)


def blending_engines(asked: str, engines: Engines) -> list[BlendingEngine]:
    """Those that blend voices; otherwise as `cloning_engines`."""
    able = [one for one in _asked(asked, engines) if isinstance(one, BlendingEngine)]
    others = [one.name for one in engines if isinstance(one, BlendingEngine)]
    return able or _refuse(asked, engines, "blends voices", others)


def blending_converters(asked: str, engines: Engines) -> list[BlendingConverter]:
    """Those that convert recordings to a blend of voices; otherwise as `cloning_engines`."""
    able = [one for one in _asked(asked, engines) if isinstance(one, BlendingConverter)]
    others = [one.name for one in engines if isinstance(one, BlendingConverter)]
    return able or _refuse(asked, engines, "converts recordings to blends of voices", others)


def _asked(asked: str, engines: Engines) -> list[Engine]:
    return list(engines) if asked == "auto" else [engines[asked]]


def _refuse(asked: str, engines: Engines, does: str, able: Sequence[str]) -> NoReturn:
    if asked != "auto":
        others = f"loaded here, {', '.join(able)} does" if able else "none that is loaded here does"
        raise UnsupportedJob(f"the engine {asked!r} is not one that {does}; {others}", field="engine")
    loaded = ",".join(one.name for one in engines)
    raise UnsupportedJob(
        f"no engine loaded on this worker {does}; load one that does, such as TTS_ENGINES=chatterbox,{loaded}",
        field="engine",
    )
