"""Thousands of damaged voice files: each is read as a sound voice or refused, nothing else."""

from __future__ import annotations

import random
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from voice_library.embedding_file import voice_from_bytes, voice_to_bytes
from voice_library.errors import InvalidVoiceFile, VoiceChanged
from voice_library.mapped import open_voice
from voice_library.voice import Voice

ROUNDS = 1500
"""Per mutation; each file takes about a quarter of a millisecond."""
MAX_BYTES = 2**20

TOKENS = [
    b"0",
    b"-1",
    b"9" * 30,
    b"null",
    b"true",
    b"NaN",
    b'""',
    b"[]",
    b"{}",
    b"[[",
    b"1e400",
    b'"F64"',
    b"\xff",
]


def flip(data: bytearray, chance: random.Random, end: int) -> None:
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(end)] ^= 1 << chance.randrange(8)


def flip_anywhere(data: bytearray, chance: random.Random) -> None:
    flip(data, chance, len(data))


def flip_in_header(data: bytearray, chance: random.Random) -> None:
    flip(data, chance, 8 + int.from_bytes(data[:8], "little"))


def flip_in_header_length(data: bytearray, chance: random.Random) -> None:
    flip(data, chance, 8)


def truncate(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def splice(data: bytearray, chance: random.Random) -> None:
    start, length, to = chance.randrange(len(data)), chance.randint(1, 200), chance.randrange(len(data))
    data[to : to + chance.choice((0, length))] = data[start : start + length]


def replace_number(data: bytearray, chance: random.Random) -> None:
    """Keep the header's length true, so that the damage gets past the first check."""
    end = 8 + int.from_bytes(data[:8], "little")
    digits = [i for i in range(8, end) if data[i : i + 1].isdigit()]
    at, token = chance.choice(digits), chance.choice(TOKENS)
    data[at : at + 1] = token
    data[:8] = (end - 8 + len(token) - 1).to_bytes(8, "little")


def shuffle_words(data: bytearray, chance: random.Random) -> None:
    end = 8 + int.from_bytes(data[:8], "little")
    words = bytes(data[8:end]).split(b'"')
    first, second = chance.randrange(len(words)), chance.randrange(len(words))
    words[first], words[second] = words[second], words[first]
    data[8:end] = b'"'.join(words)


Mutation = Callable[[bytearray, random.Random], None]
MUTATIONS: tuple[Mutation, ...] = (
    flip_anywhere,
    flip_in_header,
    flip_in_header_length,
    truncate,
    splice,
    replace_number,
    shuffle_words,
)


def outcome(data: bytes) -> str:
    try:
        voice = voice_from_bytes(data)
    except InvalidVoiceFile:
        return "refused"
    arrays = [array for embedding in voice.embeddings.values() for array in embedding.values()]
    assert all(np.isfinite(array).all() and not array.flags.writeable for array in arrays)
    assert voice_to_bytes(voice)
    return "read"


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_a_damaged_file_is_read_soundly_or_refused(mutate: Mutation, voice: Voice) -> None:
    chance = random.Random(mutate.__name__)
    whole = voice_to_bytes(voice)
    outcomes: Counter[str] = Counter()
    tracemalloc.start()
    for _ in range(ROUNDS):
        data = bytearray(whole)
        mutate(data, chance)
        outcomes[outcome(bytes(data))] += 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcomes["refused"] > ROUNDS // 4
    assert peak < MAX_BYTES


def test_the_undamaged_file_is_read(voice: Voice) -> None:
    assert outcome(voice_to_bytes(voice)) == "read"


def mapped_outcome(path: Path) -> str:
    """As `outcome`, of a file that is mapped, and whose arrays are looked at one by one."""
    try:
        voice = open_voice(path).voice
    except InvalidVoiceFile:
        return "refused"
    found = "read"
    for embedding in voice.embeddings.values():
        try:
            assert all(np.isfinite(array).all() and not array.flags.writeable for array in embedding.values())
        except (InvalidVoiceFile, VoiceChanged):
            found = "refused"
    return found


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_a_damaged_file_is_mapped_as_it_would_be_read(mutate: Mutation, voice: Voice, tmp_path: Path) -> None:
    chance = random.Random(mutate.__name__)
    silent = replace(voice, reference=None)
    whole, path = voice_to_bytes(silent), tmp_path / "v.safetensors"
    outcomes: Counter[tuple[str, str]] = Counter()
    for number in range(ROUNDS // 10):
        data = bytearray(whole)
        mutate(data, chance)
        path = tmp_path / f"{number}.safetensors"
        path.write_bytes(data)
        outcomes[outcome(bytes(data)), mapped_outcome(path)] += 1
    assert set(outcomes) <= {("read", "read"), ("refused", "refused")}
    assert outcomes["refused", "refused"]
