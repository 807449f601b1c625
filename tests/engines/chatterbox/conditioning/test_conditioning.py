"""A conditioning cannot be changed, survives the voice file bit for bit, and is checked wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest
import torch

from tests.engines.chatterbox.conditioning.drawn import drawn
from voice_library.embedding_file import voice_from_bytes, voice_to_bytes
from voice_library.voice import Embedding, Voice, embedding_key
from worker.engines.chatterbox.conditioning.conditioning import FIELDS, NAMES, Conditioning
from worker.engines.chatterbox.member import MEMBERS
from worker.errors import UnsupportedVoice

MEMBER = MEMBERS["original"]
KEY = embedding_key("chatterbox", "0123456789ab")


def test_a_voice_file_gives_back_every_bit_of_it() -> None:
    conditioning = drawn(1)
    voice = Voice(
        id="ada", names=("Ada",), language="en-US", gender="female", embeddings={KEY: conditioning.to_embedding()}
    )
    back = Conditioning.from_embedding(voice_from_bytes(voice_to_bytes(voice)).embeddings[KEY], MEMBER)
    for name in FIELDS:
        before, after = getattr(conditioning, name), getattr(back, name)
        assert (after.dtype, after.shape, after.tobytes()) == (before.dtype, before.shape, before.tobytes())


def test_its_tokens_take_two_bytes_each() -> None:
    embedding = drawn(1).to_embedding()
    assert {str(embedding[name].dtype) for name in NAMES} == {"int16", "float32"}


@pytest.mark.parametrize("name", FIELDS)
def test_nobody_can_change_it(name: str) -> None:
    conditioning = drawn(1)
    array = getattr(conditioning, name)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0
    with pytest.raises(ValueError, match="WRITEABLE"):
        array.setflags(write=True)
    with pytest.raises(FrozenInstanceError):
        setattr(conditioning, name, array.copy())


def test_it_does_not_change_with_the_arrays_that_it_was_made_of() -> None:
    arrays = {name: np.array(array) for name, array in drawn(1).to_embedding().items()}
    conditioning = Conditioning.from_arrays(arrays, MEMBER)
    for array in arrays.values():
        array[:] = 0
    assert all(getattr(conditioning, name).any() for name in FIELDS)


def test_its_tensors_are_made_once_with_its_numbers() -> None:
    conditioning = drawn(1, tokens=7, prompt=5)
    placed = conditioning.on("cpu")
    assert conditioning.on(torch.device("cpu")) is placed
    voice, heard = placed.conditionals, placed.heard
    tensors = (voice.speaker, voice.prompt, heard.tokens, heard.mel, heard.x_vector)
    numbers, words = torch.float32, torch.int64
    assert [tensor.dtype for tensor in tensors] == [numbers, words, words, numbers, numbers]
    for name, tensor in zip(FIELDS, tensors, strict=True):
        assert np.array_equal(tensor.numpy(), getattr(conditioning, name))


def test_half_a_tokens_sound_may_stand_at_the_end() -> None:
    arrays = dict(drawn(1, tokens=7).to_embedding())
    arrays["gen.prompt_feat"] = np.vstack([arrays["gen.prompt_feat"], arrays["gen.prompt_feat"][:1]])
    assert Conditioning.from_embedding(Embedding(arrays), MEMBER).mel.shape == (15, 80)


def with_one(array: np.ndarray, value: float) -> np.ndarray:
    changed = np.array(array)
    changed.flat[-1] = value
    return changed


@pytest.mark.parametrize(
    ("name", "damage", "complaint"),
    [
        *((name, None, f"{name} is missing") for name in NAMES),
        ("t3.speaker_emb", lambda array: array[:-1], r"t3\.speaker_emb is \[255\] rather than \[256\]"),
        ("t3.speaker_emb", lambda array: array.astype(np.float64), "is float64 rather than float32"),
        ("t3.speaker_emb", lambda array: with_one(array, np.nan), "not finite"),
        ("gen.prompt_feat", lambda array: with_one(array, np.inf), "not finite"),
        ("gen.prompt_feat", lambda array: with_one(array, -3e38), "over 10000"),
        ("gen.prompt_feat", lambda array: array[:-2], r"gen\.prompt_feat is \[12, 80\] rather than \[14, 80\]"),
        ("gen.prompt_feat", lambda array: np.vstack([array, array[:2]]), r"is \[16, 80\] rather than \[14, 80\]"),
        ("gen.prompt_feat", lambda array: array[:, :79], r"is \[14, 79\] rather than \[14, 80\]"),
        ("gen.prompt_feat", lambda array: array.reshape(-1), "rather than"),
        ("gen.embedding", lambda array: array[None], r"is \[1, 192\] rather than \[192\]"),
        ("gen.prompt_token", lambda array: with_one(array, 6561), "outside 0 to 6560"),
        ("gen.prompt_token", lambda array: with_one(array, -1), "outside 0 to 6560"),
        ("gen.prompt_token", lambda array: array.astype(np.float32), "float32 rather than whole numbers"),
        ("gen.prompt_token", lambda array: np.resize(array, 251), r"is \[251\] rather than 1 to 250 tokens"),
        ("t3.cond_prompt_speech_tokens", lambda array: with_one(array.astype(np.int64), 2**16), "outside"),
        ("t3.cond_prompt_speech_tokens", lambda array: np.resize(array, 151), "rather than 1 to 150 tokens"),
        ("t3.cond_prompt_speech_tokens", lambda array: array[:0], r"is \[0\] rather than 1 to 150"),
        ("t3.cond_prompt_speech_tokens", lambda array: array[None], "rather than 1 to 150"),
    ],
)
def test_a_damaged_embedding_is_refused_by_the_name_of_its_array(
    name: str, damage: Callable[[np.ndarray], np.ndarray] | None, complaint: str
) -> None:
    arrays = dict(drawn(1, tokens=7, prompt=5).to_embedding())
    if damage is None:
        del arrays[name]
    else:
        arrays[name] = damage(arrays[name])
    with pytest.raises(UnsupportedVoice, match=f"embedding for chatterbox is unusable: .*{complaint}.*enrol") as caught:
        Conditioning.from_embedding(Embedding(arrays), MEMBER)
    assert caught.value.field == "voice"


def test_an_array_too_many_is_refused() -> None:
    arrays = {**drawn(1).to_embedding(), "payload": np.zeros(3)}
    with pytest.raises(UnsupportedVoice, match="more arrays"):
        Conditioning.from_embedding(Embedding(arrays), MEMBER)


def test_turbo_takes_a_prompt_that_is_too_long_for_the_original() -> None:
    embedding = drawn(1, prompt=375, member=MEMBERS["turbo"]).to_embedding()
    assert len(Conditioning.from_embedding(embedding, MEMBERS["turbo"]).prompt) == 375
    with pytest.raises(UnsupportedVoice, match="1 to 150"):
        Conditioning.from_embedding(embedding, MEMBER)


def test_its_size_is_that_of_its_arrays() -> None:
    assert drawn(1, tokens=7, prompt=5).size_bytes == 4 * (256 + 192 + 14 * 80) + 2 * (7 + 5)


def test_every_field_is_one_of_its_arrays() -> None:
    assert tuple(field.name for field in fields(Conditioning) if field.init) == FIELDS
