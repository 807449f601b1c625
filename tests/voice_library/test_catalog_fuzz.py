"""Damaged catalogues: each is read as a sound library or refused, nothing else."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from voice_library.catalog import read_catalog
from voice_library.embedding_file import write_voice
from voice_library.errors import InvalidCatalog, InvalidVoiceFile, VoiceChanged
from voice_library.folder import CatalogueFolder
from voice_library.voice import Voice

ROUNDS = 300
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**63,
    10**400,
    1e308,
    "",
    "\u0000",
    "../v",
    "x" * 2000,
    [],
    [[]],
    {},
    {"a": {"b": {}}},
    ["v"] * 2000,
)

ENTRY: dict[str, Any] = {
    "id": "v",
    "names": ["V"],
    "language": "ht",
    "gender": "female",
    "tier": "premium",
    "aliases": ["nova"],
    "tags": ["warm"],
    "options": {"temperature": 0.5},
    "lexicon": {"GIF": "jif"},
    "version": 2,
    "file": "v.safetensors",
    "contents": {
        "sha256": "0" * 64,
        "size_bytes": 100,
        "embeddings": ["tone/1"],
        "frames": 8000,
        "sample_rate": 8000,
    },
}
CATALOGUE: dict[str, Any] = {
    "format_version": 1,
    "voices": [ENTRY, ENTRY | {"id": "w", "aliases": [], "file": "v.safetensors", "contents": None}],
    "profiles": [{"id": "p", "names": ["P"], "voice": "v", "effects": {"reverb": 0.1}}],
}


def change_a_value(data: bytes, chance: random.Random) -> bytes:
    catalogue = json.loads(data)
    node: Any = catalogue
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return data
        key = chance.choice(keys)
        if not isinstance(node[key], (dict, list)) or chance.random() < 0.2:
            break
        node = node[key]
    node[key] = chance.choice(ODD)
    return json.dumps(catalogue).encode()


def add_a_field(data: bytes, chance: random.Random) -> bytes:
    where = chance.randrange(data.count(b"{"))
    parts = data.split(b"{")
    return b"{".join(parts[: where + 1]) + b'{"extra": 1, ' + b"{".join(parts[where + 1 :])


def flip(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


Mutation = Callable[[bytes, random.Random], bytes]


@pytest.mark.parametrize("mutate", [change_a_value, add_a_field, flip, cut], ids=lambda mutate: mutate.__name__)
def test_a_damaged_catalogue_is_a_sound_library_or_refused(mutate: Mutation, voice: Voice, tmp_path: Path) -> None:
    write_voice(tmp_path / "v.safetensors", replace(voice, id="w"))
    whole = json.dumps(CATALOGUE).encode()
    chance = random.Random(mutate.__name__)
    outcomes: Counter[str] = Counter()
    messages: list[str] = []
    for _ in range(ROUNDS):
        (tmp_path / "catalog.json").write_bytes(mutate(whole, chance))
        try:
            listing = CatalogueFolder(tmp_path).read()
        except (InvalidCatalog, InvalidVoiceFile) as error:
            messages.append(str(error))
            continue
        outcomes["read"] += 1
        for entry in listing.voices:
            try:
                _ = [list(embedding) for embedding in entry.embeddings.values()]
                _ = entry.reference and entry.reference.samples
            except (VoiceChanged, InvalidVoiceFile):
                outcomes["told when used"] += 1
    assert len(messages) > ROUNDS // 10
    assert not any(str(tmp_path) in message or len(message) > 400 for message in messages)


def test_the_undamaged_catalogue_is_read_and_its_lies_are_told_when_they_are_used(voice: Voice, tmp_path: Path) -> None:
    write_voice(tmp_path / "v.safetensors", replace(voice, id="w"))
    (tmp_path / "catalog.json").write_text(json.dumps(CATALOGUE))
    assert read_catalog(tmp_path).voices[0].tags == ("warm",)
    liar, honest = CatalogueFolder(tmp_path).read().voices
    assert honest.reference is None or len(honest.reference.samples)
    with pytest.raises(VoiceChanged):
        _ = liar.embeddings["tone/1"]["f0_hz"]
