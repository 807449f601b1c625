from __future__ import annotations

import pytest

from worker.engines.registry import Engines
from worker.errors import InvalidSettings, UnknownEngine
from worker.jobs.context import Worker
from worker.settings import Settings


def test_an_unknown_engine_in_the_settings_stops_the_start() -> None:
    with pytest.raises(InvalidSettings, match="no engine 'espeek'; known: espeak, tone"):
        Engines.load(Settings(engines=("espeek",)))


def test_a_misspelt_engine_is_answered_with_the_nearest_one(worker: Worker) -> None:
    with pytest.raises(UnknownEngine, match="did you mean 'espeak'"):
        worker.engines["espeek"]


def test_an_engine_that_exists_but_is_not_loaded_says_so() -> None:
    engines = Engines.load(Settings(engines=("tone",)))
    with pytest.raises(UnknownEngine, match="'espeak' is not loaded on this worker"):
        engines["espeak"]


def test_engines_keep_the_order_of_the_settings() -> None:
    engines = Engines.load(Settings(engines=("tone", "espeak")))
    assert [engine.name for engine in engines] == ["tone", "espeak"]
    engines.close()
