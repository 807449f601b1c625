from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from voice_library.voice import Effects, Embedding, Profile, Reference, Voice, embedding_key


@pytest.mark.parametrize(
    "voice_id", ["", "Sarah", "-sarah", "../sarah", "/etc/passwd", "a" * 65, "sa\x00rah", "sarah\n", "léa"]
)
def test_an_id_that_could_be_a_path_is_refused(voice_id: str) -> None:
    with pytest.raises(ValueError, match="voice id"):
        Voice(id=voice_id, names=("X",), language="en-US", gender="female")
    with pytest.raises(ValueError, match="id"):
        Profile(id="x", names=("X",), voice=voice_id)


@pytest.mark.parametrize("language", ["", "en_US", "EN", "en-us", "english", "ht\n"])
def test_a_language_is_written_as_bcp_47_has_it(language: str) -> None:
    with pytest.raises(ValueError, match="language"):
        Voice(id="x", names=("X",), language=language, gender="female")


def test_arrays_of_a_voice_cannot_be_changed(voice: Voice) -> None:
    assert voice.reference is not None
    arrays = [array for embedding in voice.embeddings.values() for array in embedding.values()]
    for array in (voice.reference.samples, *arrays):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_changing_the_callers_arrays_and_mappings_does_not_change_the_voice() -> None:
    samples, settings = np.ones(4, dtype=np.float32), {"pitch": 50}
    engines: dict[str, dict[str, int]] = {"espeak": settings}
    reference, embedding = Reference(samples=samples, sample_rate=8000), Embedding({"a": samples})
    voice = Voice(id="x", names=("X",), language="ht", gender="male", engines=engines, reference=reference)
    samples[:] = 9
    settings["pitch"] = 1
    engines.clear()
    assert reference.samples.tolist() == [1, 1, 1, 1] == embedding["a"].tolist()
    assert voice.engines["espeak"]["pitch"] == 50


def test_mappings_of_a_voice_cannot_be_changed(voice: Voice) -> None:
    mappings: tuple[Any, ...] = (voice.engines, voice.engines["espeak"], voice.embeddings)
    for mapping in (*mappings, voice.embeddings["chatterbox/v1.0"]):
        with pytest.raises(TypeError):
            mapping["new"] = 1


def test_a_read_only_array_is_shared_and_not_copied() -> None:
    array = np.ones(4, dtype=np.float32)
    array.setflags(write=False)
    assert Embedding({"a": array})["a"] is array


def test_big_endian_and_strided_arrays_become_native_and_dense() -> None:
    array = np.arange(8, dtype=">f4")[::2]
    kept = Embedding({"a": array})["a"]
    assert kept.dtype == np.float32
    assert kept.flags.c_contiguous
    assert kept.tolist() == [0, 2, 4, 6]


def test_arrays_of_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="not numbers"):
        Embedding({"a": np.array([object()])})


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "é"])
def test_array_names_stay_simple(name: str) -> None:
    with pytest.raises(ValueError, match="array name"):
        Embedding({name: np.ones(1)})


def test_a_reference_is_mono_float32() -> None:
    for samples in (np.ones((2, 4), dtype=np.float32), np.ones(4)):
        with pytest.raises(ValueError, match="mono float32"):
            Reference(samples=samples, sample_rate=8000)


def test_embeddings_are_kept_per_engine_and_model_revision(voice: Voice) -> None:
    assert embedding_key("chatterbox", "v1.0") == "chatterbox/v1.0"
    assert voice.embeddings.keys() == {"chatterbox/v1.0", "chatterbox/5c1f8e2"}
    for engine, revision in (("", "a"), ("a", ""), ("a/b", "c"), ("a", "../c"), ("a", ".")):
        with pytest.raises(ValueError, match="embedding key"):
            embedding_key(engine, revision)


def test_effects_do_nothing_unless_told() -> None:
    assert Effects() == Effects(pitch_semitones=0.0, speed=1.0, volume_db=0.0, reverb=0.0)


@pytest.mark.parametrize(
    ("effect", "low", "high"),
    [("pitch_semitones", -12, 12), ("speed", 0.25, 4), ("volume_db", -40, 20), ("reverb", 0, 1)],
)
def test_effects_outside_their_range_are_refused(effect: str, low: float, high: float) -> None:
    for value in (low, high):
        assert getattr(dataclasses.replace(Effects(), **{effect: value}), effect) == value
    for value in (low - 0.01, high + 0.01, math.nan, math.inf):
        with pytest.raises(ValueError, match=f"{effect} is outside"):
            dataclasses.replace(Effects(), **{effect: value})
