"""The voices in a folder of an older worker."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from builder.voices.legacy.catalogs import FILES, read_catalogs
from builder.voices.legacy.errors import InaccessibleFile, LegacyError, NotAVoiceFile, TooLarge, UnusableRecording
from builder.voices.legacy.limits import MAX_COMPRESSED_BYTES, MAX_RAW_BYTES
from builder.voices.legacy.numpy_file import NpzFile, stored_in_npy
from builder.voices.legacy.pickled.arrays import PickledArray
from builder.voices.legacy.pickled.machine import unpickled
from builder.voices.legacy.raw_file import bytes_of, unfolded
from builder.voices.legacy.recording import AUDIO_FIELDS, FIELDS, recording_in
from builder.voices.legacy.stems import SUFFIXES, stem_of, suffix_of
from builder.voices.legacy.stored_array import StoredArray
from builder.voices.legacy.voice import LegacyProblem, LegacyVoice
from builder.voices.legacy.voice_catalog import Described
from voice_library.errors import may_echo

NO_MEMORY = "takes more memory than there is; cut its recording to half a minute"


def read_legacy(folder: Path, *, sample_rate: int | None = None) -> Iterator[LegacyVoice | LegacyProblem]:
    """Every voice of the folder, and everything in it that is none or cannot be read; one file at a time, by name.

    `sample_rate`, in hertz, is that of recordings of which neither their file nor the catalogue tells it. Nothing in
    the folder is run, and no link in it is followed.

    Raises:
        InaccessibleFile: the folder cannot be listed.
    """
    files = _listed(folder)
    file_by_stem = {stem: file for file in reversed(files) if (stem := stem_of(file)) is not None}
    catalogs = read_catalogs(folder, files, file_by_stem)
    for error in catalogs.errors:
        yield LegacyProblem(file=error.file, error=error)
    for file in files:
        if file in FILES:
            continue
        try:
            stem = _stem(file, file_by_stem)
            yield _voice(folder / file, stem, catalogs.described[stem], sample_rate)
        except LegacyError as error:
            yield LegacyProblem(file=file, error=error.about(file))
        except MemoryError:
            yield LegacyProblem(file=file, error=TooLarge(NO_MEMORY, file=file))


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise InaccessibleFile(f"cannot be listed ({reason}); name a voice folder", file=folder.name) from error


def _stem(file: str, file_by_stem: Mapping[str, str]) -> str:
    stem = stem_of(file)
    if stem is None:
        raise NotAVoiceFile(f"is no voice file ({', '.join(SUFFIXES)}); move it elsewhere, or export it as one")
    if file_by_stem[stem] != file:
        raise NotAVoiceFile(f"is a second file of the voice in {file_by_stem[stem]!r}; keep one of them")
    return stem


def _voice(path: Path, stem: str, described: Described, sample_rate: int | None) -> LegacyVoice:
    fields = _fields(path)
    rate = sample_rate if described.sample_rate is None else described.sample_rate
    recording = recording_in(fields, sample_rate=rate)
    return LegacyVoice(
        file=path.name,
        stem=stem,
        names=described.names,
        samples=recording.samples,
        sample_rate=recording.sample_rate,
        language=described.language,
        gender=described.gender,
        description=described.description,
        dropped=tuple(name if may_echo(name) else "…" for name in fields if name not in FIELDS),
    )


def _fields(path: Path) -> Mapping[str, object]:
    match suffix_of(path.name):
        case ".npz":
            return NpzFile(bytes_of(path, at_most=MAX_COMPRESSED_BYTES)).fields(FIELDS)
        case ".npy":
            stored = stored_in_npy(bytes_of(path, at_most=MAX_RAW_BYTES))
            return _named(unpickled(stored) if isinstance(stored, bytes) else stored)
        case _:
            return _named(unpickled(unfolded(bytes_of(path, at_most=MAX_RAW_BYTES))))


def _named(value: object) -> Mapping[str, object]:
    """What a file spells as named fields, of which an array alone is the audio."""
    match _content(value):
        case dict() as fields:
            return {name: _content(field) for name, field in fields.items() if isinstance(name, str)}
        case StoredArray() as array:
            return {AUDIO_FIELDS[0]: array}
        case _:
            raise UnusableRecording("holds neither fields nor an array; save it as {'audio': …, 'sample_rate': …}")


def _content(value: object) -> object:
    return value.content if isinstance(value, PickledArray) else value
