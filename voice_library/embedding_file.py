"""The voice file: one voice as safetensors, written and read.

Tensors: `audio` (mono, float32 [n]), absent without a reference, and `<engine>/<revision>/<array name>`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, Json, ValidationError
from safetensors import SafetensorError

from voice_library.errors import InvalidVoiceFile, first_problem, quoted
from voice_library.fields import Aliases, EngineSettings, Label, Language, Names, VoiceId
from voice_library.header import LENGTH_BYTES, MAX_FILE_BYTES, read_metadata
from voice_library.voice import ARRAY_NAME, EMBEDDING_KEY, Embedding, Gender, Reference, Tier, Voice

FORMAT_VERSION = "1"
AUDIO = "audio"
TENSOR_NAME = re.compile(f"({EMBEDDING_KEY})/({ARRAY_NAME})")
MAX_REFERENCE_SEC = 60.0
DURATION_TOLERANCE_SEC = 0.001
"""Metadata gives the duration to the millisecond."""

Arrays = dict[str, NDArray[Any]]


class _Metadata(BaseModel):
    """What the file says of its voice; every value arrives as a string, lists and objects as JSON in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format_version: Literal["1"]
    id: VoiceId
    names: Json[Names]
    aliases: Json[Aliases]
    language: Language
    gender: Gender
    tier: Tier
    engines: Json[EngineSettings]
    licence: Label
    consent: Label
    source: Label
    sample_rate: int | None = Field(default=None, ge=4_000, le=192_000)
    """Hertz; present exactly where there is audio."""
    duration_sec: float | None = Field(default=None, gt=0, le=MAX_REFERENCE_SEC, allow_inf_nan=False)


def write_voice(path: Path, voice: Voice) -> None:
    """Put `voice` at `path` whole or not at all, even if the machine stops half-way.

    Raises:
        InvalidVoiceFile: the voice breaks a limit that the reader enforces; nothing is written.
        OSError: the disk refuses; what was at `path` is still there.
    """
    data = voice_to_bytes(voice)
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
        data = safetensors.numpy.save(_arrays(voice), metadata=_describe(voice))
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
    metadata = _parse_metadata(read_metadata(data))
    arrays = _finite(_load(data))
    audio = arrays.pop(AUDIO, None)
    return Voice(
        id=metadata.id,
        names=metadata.names,
        language=metadata.language,
        gender=metadata.gender,
        tier=metadata.tier,
        engines=metadata.engines,
        reference=_reference(audio, metadata),
        embeddings=_embeddings(arrays),
        licence=metadata.licence,
        consent=metadata.consent,
        source=metadata.source,
        aliases=metadata.aliases,
    )


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


def _describe(voice: Voice) -> dict[str, str]:
    engines = {name: dict(settings) for name, settings in voice.engines.items()}
    metadata = {
        "format_version": FORMAT_VERSION,
        "id": voice.id,
        "names": json.dumps(voice.names, ensure_ascii=False),
        "aliases": json.dumps(voice.aliases, ensure_ascii=False),
        "language": voice.language,
        "gender": voice.gender,
        "tier": voice.tier,
        "engines": json.dumps(engines, ensure_ascii=False, allow_nan=False),
        "licence": voice.licence,
        "consent": voice.consent,
        "source": voice.source,
    }
    if voice.reference:
        metadata["sample_rate"] = str(voice.reference.sample_rate)
        metadata["duration_sec"] = f"{voice.reference.duration_sec:.3f}"
    return metadata


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


def _parse_metadata(metadata: Mapping[str, str]) -> _Metadata:
    version = metadata.get("format_version")
    if version is None:
        raise InvalidVoiceFile("the file is safetensors, but no voice file: format_version is missing")
    if version != FORMAT_VERSION:
        raise InvalidVoiceFile(
            f"the voice file has format version {quoted(version)}; this worker reads {FORMAT_VERSION}"
        )
    try:
        return _Metadata.model_validate(metadata)
    except ValidationError as error:
        raise InvalidVoiceFile(f"metadata {first_problem(error)}") from error


def _load(data: bytes) -> Arrays:
    try:
        return safetensors.numpy.load(data)
    except SafetensorError as error:
        raise InvalidVoiceFile("the voice file is not safetensors") from error


def _finite(arrays: Arrays) -> Arrays:
    """`arrays`, now read-only."""
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise InvalidVoiceFile(f"tensor {quoted(name)} holds NaN or infinity")
        array.setflags(write=False)  # so that the voice takes it as it is, without a copy
    return arrays


def _reference(audio: NDArray[Any] | None, metadata: _Metadata) -> Reference | None:
    if audio is None and metadata.sample_rate is None and metadata.duration_sec is None:
        return None
    if audio is None or metadata.sample_rate is None or metadata.duration_sec is None:
        raise InvalidVoiceFile("audio, sample_rate and duration_sec belong together, but some are missing")
    if audio.ndim != 1 or audio.dtype != np.float32:
        raise InvalidVoiceFile("audio is not mono float32")
    reference = Reference(samples=audio, sample_rate=metadata.sample_rate)
    if abs(reference.duration_sec - metadata.duration_sec) > DURATION_TOLERANCE_SEC:
        raise InvalidVoiceFile("duration_sec does not match the audio")
    return reference


def _embeddings(arrays: Arrays) -> dict[str, Embedding]:
    groups: dict[str, Arrays] = {}
    for name, array in arrays.items():
        match = TENSOR_NAME.fullmatch(name)
        if not match:
            raise InvalidVoiceFile(f"tensor {quoted(name)} is not <engine>/<revision>/<array name>")
        groups.setdefault(match[1], {})[match[2]] = array
    return {key: Embedding(group) for key, group in groups.items()}
