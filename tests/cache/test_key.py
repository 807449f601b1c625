from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from tests.cache.entries import utterance, voice
from voice_library import voice as voice_module
from voice_library.voice import Embedding, Reference, Voice
from worker.cache import key as key_module
from worker.cache.key import INGREDIENTS, LEFT_OUT, VOICE_INGREDIENTS, VOICE_LEFT_OUT, is_key, key_of
from worker.engines.base import Utterance
from worker.request import EngineOptions

SAMPLES = np.linspace(-1, 1, 50, dtype=np.float32)
ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)

CHANGES: dict[str, dict[str, object]] = {
    "text": {"text": "hello!"},
    "half a surrogate pair": {"text": "hello\ud83d"},
    "engine": {"engine": "other"},
    "language": {"language": "en-GB"},
    "speed": {"speed": 1.0000001},
    "options": {"options": EngineOptions(temperature=0.8, top_k=5)},
    "option's value": {"options": EngineOptions(temperature=0.81)},
    "seed": {"seed": 8},
    "voice's language": {"voice": voice(language="fr")},
    "voice's gender": {"voice": voice(gender="male")},
    "voice's settings": {"voice": voice(engines={"fake": {"pitch": 51, "file": "a"}})},
    "voice's engines": {"voice": voice(engines={"other": {"pitch": 50, "file": "a"}})},
    "no reference": {"voice": voice(reference=None)},
    "reference's rate": {"voice": voice(reference=Reference(samples=SAMPLES, sample_rate=16_001))},
    "reference's samples": {"voice": voice(reference=Reference(samples=-SAMPLES, sample_rate=16_000))},
    "no embedding": {"voice": voice(embeddings={})},
    "embedding's key": {"voice": voice(embeddings={"fake/2": Embedding({"speaker": ARRAY})})},
    "array's name": {"voice": voice(embeddings={"fake/1": Embedding({"talker": ARRAY})})},
    "array's shape": {"voice": voice(embeddings={"fake/1": Embedding({"speaker": ARRAY.T})})},
    "array's type": {"voice": voice(embeddings={"fake/1": Embedding({"speaker": ARRAY.astype(np.float64)})})},
    "array's bytes": {"voice": voice(embeddings={"fake/1": Embedding({"speaker": ARRAY + 1})})},
    "array's reading": {"voice": voice(embeddings={"fake/1": Embedding({"speaker": ARRAY.view(np.int32)})})},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_key_changes_with_each_thing_that_changes_samples(change: str) -> None:
    assert key_of(utterance(**CHANGES[change]), "1") != key_of(utterance(), "1")


def test_all_those_keys_differ_from_each_other() -> None:
    keys = {key_of(utterance(**change), "1") for change in CHANGES.values()}
    assert len(keys) == len(CHANGES)


def test_a_key_changes_with_the_revision_and_with_the_format(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of(utterance(), "1")
    assert key_of(utterance(), "2") != before
    monkeypatch.setattr(key_module, "FORMAT_VERSION", 3)
    assert key_of(utterance(), "1") != before


def test_a_key_does_not_change_with_place_and_silence_nor_with_what_a_voice_is_called() -> None:
    renamed = voice(id="other", names=("A", "B"), tier="premium", licence="x", consent="y", source="z", aliases=("q",))
    moved = utterance(index=9, start=3, end=8, lead_sec=0.5, pause_sec=2.0, voice=renamed)
    assert key_of(moved, "1") == key_of(utterance(), "1")


def test_equal_things_made_apart_have_one_key() -> None:
    assert key_of(utterance(), "1") == key_of(utterance(speed=1, voice=voice()), "1")
    shuffled = voice(engines={"fake": {"file": "a", "pitch": 50}})
    assert key_of(utterance(voice=shuffled), "1") == key_of(utterance(), "1")


def test_it_is_known_of_every_field_whether_it_is_in_the_key() -> None:
    assert {field.name for field in fields(Utterance)} == INGREDIENTS | LEFT_OUT
    assert {field.name for field in fields(Voice)} == VOICE_INGREDIENTS | VOICE_LEFT_OUT


def test_a_key_is_hexadecimal_digits_whatever_the_text_holds() -> None:
    key = key_of(utterance("../../etc/passwd\0\n\ud800"), "/../")
    assert is_key(key)
    for wrong in ("", key[:-1], key + "0", key.upper(), "../" + key[3:], key[:-1] + "\n", key + "\n"):
        assert not is_key(wrong)


def test_a_voice_is_digested_once_however_often_it_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    digested = []
    monkeypatch.setattr(voice_module, "_digest", lambda *parts: digested.append(parts) or b"digest")
    speaker = voice()
    for name in ("one", "two"):
        key_of(utterance(voice=replace(speaker, id=name)), "1")
    assert len(digested) == 2  # its reference, and its embedding


def test_what_was_derived_for_another_engine_is_not_in_the_key() -> None:
    both = voice(embeddings={**voice().embeddings, "other/1": Embedding({"speaker": ARRAY})})
    assert key_of(utterance(voice=both), "1") == key_of(utterance(), "1")
