"""A warmed voice waits in the form in which it is spoken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from unittest.mock import patch

import pytest
import torch

from tests.engines.chatterbox.whole.conftest import FEW_TOKENS
from tests.engines.chatterbox.whole.test_engine import heard, utterance
from voice_library.voice import Voice
from worker.engines.chatterbox.engine import Chatterbox
from worker.errors import OutOfMemory
from worker.request import EngineOptions


def test_what_t3_makes_of_a_voice_is_made_by_warming_and_not_again(quick: Chatterbox, voices: list[Voice]) -> None:
    model, voice = quick._model, voices[0]
    with patch.object(model.decoder, "opening", wraps=model.decoder.opening) as opening:
        quick.warm(voice)
        assert opening.call_count == 1
        misses = model.conditionings.misses
        quick.warm(replace(voice, id="copy"))
        heard(quick, utterance(quick, voice=voice))
    assert opening.call_count == 1
    assert model.conditionings.misses == misses


def test_what_a_guided_voice_is_compared_with_is_made_by_warming_and_not_again(
    engines: Callable[..., Chatterbox],
) -> None:
    engine = engines("original", FEW_TOKENS)
    decoder = engine._model.decoder
    with patch.object(decoder, "wordless", wraps=decoder.wordless) as wordless:
        engine.warm(engine.voices[0])
        assert wordless.call_count == 1
        heard(engine, utterance(engine))
        assert wordless.call_count == 1
        heard(engine, utterance(engine, options=EngineOptions(exaggeration=1.2)))
    assert wordless.call_count == 2


def test_a_device_without_memory_for_it_is_the_error_that_a_take_would_end_with(
    quick: Chatterbox, voices: list[Voice]
) -> None:
    broken = patch.object(quick._model.decoder, "opening", side_effect=torch.OutOfMemoryError("no memory"))
    with broken, pytest.raises(OutOfMemory):
        quick.warm(voices[1])
    assert len(heard(quick, utterance(quick, voice=voices[1])))
