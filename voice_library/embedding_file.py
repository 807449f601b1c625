"""The voice file: one voice as safetensors, written and read.

Tensors: `audio` (mono, float32 [n]), absent without a reference, and `<engine>/<revision>/<array name>`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from voice_library.errors import InvalidVoiceFile, quoted
from voice_library.header import LENGTH_BYTES, MAX_FILE_BYTES, Data, Header, Tensor, read_header
from voice_library.metadata import Metadata, describe
from voice_library.voice import ARRAY_NAME, EMBEDDING_KEY, Embedding, Reference, Voice

AUDIO = "audio"
TENSOR_NAME = re.compile(f"({EMBEDDING_KEY})/({ARRAY_NAME})")
DURATION_TOLERANCE_SEC = 0.001
"""Metadata gives the duration to the millisecond."""

Arrays = dict[str, NDArray[Any]]
Tensors = Mapping[str, Tensor]


def write_voice(path: Path, voice: Voice) -> None:
    """Put `voice` at `path` whole or not at all, even if the machine stops half-way.

    Raises:
        InvalidVoiceFile: the voice breaks a limit that the reader enforces; nothing is written.
        OSError: the disk refuses; what was at `path` is still there.
    """
    write_whole(path, voice_to_bytes(voice))


def write_whole(path: Path, data: bytes) -> None:
    """Put `data` at `path`, where readers see what was there before or all of it, never a part.

    Raises:
        OSError: the disk refuses; what was at `path` is still there.
    """
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    _sync_folder(path.parent)


def read_voice(path: Path) -> Voice:
    """The voice at `path`, its arrays in memory and read-only.

    Raises:
        InvalidVoiceFile: the file is missing, unreadable, damaged, not a voice file, or over a limit.
    """
    try:
        return voice_from_bytes(_read(path))
    except OSError as error:
        raise InvalidVoiceFile(f"{quoted(path.name)}: cannot be read: {error.strerror}") from error
    except InvalidVoiceFile as error:
        raise InvalidVoiceFile(f"{quoted(path.name)}: {error}") from error


def voice_to_bytes(voice: Voice) -> bytes:
    """The voice file of `voice`; the same voice gives the same bytes.

    Raises:
        InvalidVoiceFile: the voice breaks a limit that the reader enforces.
    """
    try:
        data = safetensors.numpy.save(_arrays(voice), metadata=describe(voice))
    except (SafetensorError, TypeError, ValueError) as error:
        raise InvalidVoiceFile(f"voice '{voice.id}' holds values that a voice file cannot") from error
    data = _in_order(data)
    voice_from_bytes(data)
    return data


def voice_from_bytes(data: bytes) -> Voice:
    """The voice in `data`, which may come from anybody; its arrays are read-only.

    Raises:
        InvalidVoiceFile: `data` is damaged, not a voice file, or over a limit.
    """
    header = read_header(data)
    voice, embeddings = outline(header)
    reference = None
    if voice.reference is not None:
        reference = Reference(
            samples=finite(data, {AUDIO: header.tensors[AUDIO]})[AUDIO], sample_rate=voice.reference.sample_rate
        )
    arrays = {key: Embedding(finite(data, tensors)) for key, tensors in embeddings.items()}
    return replace(voice, reference=reference, embeddings=arrays)


def outline(header: Header) -> tuple[Voice, Mapping[str, Tensors]]:
    """What the header says: the voice, its samples yet to come, and where its embeddings lie, by their keys.

    Raises:
        InvalidVoiceFile: it contradicts itself, or is that of no voice.
    """
    metadata = Metadata.of(header.metadata)
    tensors = dict(header.tensors)
    reference = _reference(tensors.pop(AUDIO, None), metadata)
    return metadata.voice(reference), _embeddings(tensors)


def finite(data: Data, tensors: Tensors) -> Arrays:
    """The tensors, read-only, by the last part of their names.

    Raises:
        InvalidVoiceFile: one holds NaN or infinity.
    """
    arrays = {}
    for name, tensor in tensors.items():
        array = tensor.of(data)
        if not np.isfinite(array).all():
            raise InvalidVoiceFile(f"tensor {quoted(name)} holds NaN or infinity")
        arrays[name] = array
    return arrays


def _read(path: Path) -> bytes:
    if not path.is_file():  # a pipe or a device would block or never end
        raise InvalidVoiceFile("there is no such file")
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def _arrays(voice: Voice) -> Arrays:
    arrays: Arrays = {AUDIO: voice.reference.samples} if voice.reference else {}
    for key, embedding in voice.embeddings.items():
        arrays |= {f"{key}/{name}": array for name, array in embedding.items()}
    return arrays


def _in_order(data: bytes) -> bytes:
    """`data` with its metadata sorted: safetensors writes them in an order that changes from run to run."""
    end = LENGTH_BYTES + int.from_bytes(data[:LENGTH_BYTES], "little")
    header = json.loads(data[LENGTH_BYTES:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % LENGTH_BYTES)  # the tensors stay aligned
    return len(text).to_bytes(LENGTH_BYTES, "little") + text + data[end:]


def _sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reference(audio: Tensor | None, metadata: Metadata) -> Reference | None:
    if audio is None and metadata.sample_rate is None and metadata.duration_sec is None:
        return None
    if audio is None or metadata.sample_rate is None or metadata.duration_sec is None:
        raise InvalidVoiceFile("audio, sample_rate and duration_sec belong together, but some are missing")
    if len(audio.shape) != 1 or audio.dtype != np.float32:
        raise InvalidVoiceFile("audio is not mono float32")
    reference = Reference.later(_not_yet, frames=audio.shape[0], sample_rate=metadata.sample_rate)
    if abs(reference.duration_sec - metadata.duration_sec) > DURATION_TOLERANCE_SEC:
        raise InvalidVoiceFile("duration_sec does not match the audio")
    return reference


def _not_yet() -> NDArray[np.float32]:
    raise RuntimeError("this voice is an outline: its samples were not read")


def _embeddings(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensors]:
    groups: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        match = TENSOR_NAME.fullmatch(name)
        if not match:
            raise InvalidVoiceFile(f"tensor {quoted(name)} is not <engine>/<revision>/<array name>")
        groups.setdefault(match[1], {})[match[2]] = tensor
    return groups
