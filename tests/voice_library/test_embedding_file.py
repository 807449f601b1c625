from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from numpy.typing import NDArray

from voice_library.embedding_file import read_voice, voice_from_bytes, voice_to_bytes, write_voice
from voice_library.errors import InvalidVoiceFile
from voice_library.voice import Embedding, Reference, Voice


def plain(voice: Voice) -> dict[str, object]:
    """All that a voice holds, down to the bytes of its arrays, as values that compare."""

    def exact(array: NDArray[Any]) -> tuple[object, ...]:
        return array.dtype, array.shape, array.tobytes()

    values: dict[str, object] = {field.name: getattr(voice, field.name) for field in dataclasses.fields(voice)}
    reference = voice.reference
    values["reference"] = reference and (exact(reference.samples), reference.sample_rate)
    values["embeddings"] = {
        key: {name: exact(array) for name, array in embedding.items()} for key, embedding in voice.embeddings.items()
    }
    return values


def test_a_voice_survives_its_file_exactly(voice: Voice, tmp_path: Path) -> None:
    write_voice(tmp_path / "v.safetensors", voice)
    assert plain(read_voice(tmp_path / "v.safetensors")) == plain(voice)
    assert plain(voice_from_bytes(voice_to_bytes(voice))) == plain(voice)


def test_a_voice_without_recording_or_embeddings_survives_too() -> None:
    voice = Voice(id="x", names=("X",), language="ht", gender="male")
    assert plain(voice_from_bytes(voice_to_bytes(voice))) == plain(voice)


def test_arrays_that_were_read_cannot_be_changed(voice: Voice) -> None:
    read = voice_from_bytes(voice_to_bytes(voice))
    assert read.reference is not None
    assert not read.reference.samples.flags.writeable
    assert not any(a.flags.writeable for embedding in read.embeddings.values() for a in embedding.values())


def test_the_file_is_plain_safetensors_that_other_tools_read(voice: Voice) -> None:
    arrays = safetensors.numpy.load(voice_to_bytes(voice))
    assert set(arrays) == {
        "audio",
        "chatterbox/v1.0/t3.speaker_emb",
        "chatterbox/v1.0/t3.emotion",
        "chatterbox/v1.0/gen.tokens",
        "chatterbox/v1.0/gen.feat",
        "chatterbox/5c1f8e2/codes",
    }


def test_the_same_voice_gives_the_same_bytes(voice: Voice) -> None:
    assert len({voice_to_bytes(voice) for _ in range(8)}) == 1


def test_a_reference_may_be_as_long_as_the_limit_and_no_longer(voice: Voice) -> None:
    longest = Reference(samples=np.zeros(60 * 8000, dtype=np.float32), sample_rate=8000)
    assert voice_to_bytes(dataclasses.replace(voice, reference=longest))
    longer = Reference(samples=np.zeros(61 * 8000, dtype=np.float32), sample_rate=8000)
    with pytest.raises(InvalidVoiceFile, match="duration_sec"):
        voice_to_bytes(dataclasses.replace(voice, reference=longer))


@pytest.mark.parametrize(
    "change",
    [
        {"names": ()},
        {"names": ("line\nbreak",)},
        {"names": ("\ud800",)},
        {"licence": "x" * 2000},
        {"licence": None},
        {"engines": {"espeak": {"pitch": object()}}},
        {"engines": {"espeak": {"pitch": float("nan")}}},
        {"engines": {"es/peak": {}}},
        {"engines": {"espeak": {"pitch": True}}},
        {"reference": Reference(samples=np.zeros(0, dtype=np.float32), sample_rate=8000)},
        {"reference": Reference(samples=np.zeros(9, dtype=np.float32), sample_rate=3999)},
        {"reference": Reference(samples=np.full(9, np.inf, dtype=np.float32), sample_rate=8000)},
        {"embeddings": {"a/b": Embedding({"c": np.zeros(3, dtype=np.uint64)})}},
        {"embeddings": {"a/b": Embedding({f"c{i}": np.zeros(1) for i in range(65)})}},
    ],
    ids=repr,
)
def test_what_could_not_be_read_is_not_written(change: dict[str, Any], voice: Voice, tmp_path: Path) -> None:
    with pytest.raises(InvalidVoiceFile):
        write_voice(tmp_path / "v.safetensors", dataclasses.replace(voice, **change))
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    voice: Voice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "v.safetensors"
    write_voice(path, voice)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_voice(path, dataclasses.replace(voice, id="other"))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_writing_over_a_link_replaces_the_link_and_not_its_target(voice: Voice, tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "v.safetensors"
    target.write_bytes(b"precious")
    link.symlink_to(target)
    write_voice(link, voice)
    assert target.read_bytes() == b"precious"
    assert read_voice(link).id == voice.id


def test_a_missing_file_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidVoiceFile, match=r"'nobody\.safetensors': there is no such file") as caught:
        read_voice(tmp_path / "nobody.safetensors")
    assert str(tmp_path) not in str(caught.value)


def test_a_file_of_two_gigabytes_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    path.touch()
    os.truncate(path, 2**31)
    with pytest.raises(InvalidVoiceFile, match="larger than 64 MiB"):
        read_voice(path)


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_folders_and_pipes_are_refused_without_waiting(make: Any, tmp_path: Path) -> None:
    make(tmp_path / "v.safetensors")
    with pytest.raises(InvalidVoiceFile):
        read_voice(tmp_path / "v.safetensors")
