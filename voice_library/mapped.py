"""A voice file on disk, mapped into memory when something of it is first asked for."""

from __future__ import annotations

import mmap
import os
import stat
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voice_library.embedding_file import AUDIO, finite, outline
from voice_library.errors import InvalidVoiceFile, VoiceChanged, quoted
from voice_library.header import MAX_FILE_BYTES, Header, read_header
from voice_library.voice import Embedding, Reference, Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Changes whenever a file is replaced: files of voices are never written to."""

    inode: int
    size_bytes: int
    modified_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        """The stamp of a file."""
        return cls(inode=found.st_ino, size_bytes=found.st_size, modified_ns=found.st_mtime_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a file holds, as far as its header tells."""

    embeddings: tuple[str, ...] = ()
    """Keys of the embeddings, sorted."""
    frames: int = 0
    """Samples of the reference; 0 without one."""
    sample_rate: int = 0
    """Hertz of the reference; 0 without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A voice whose arrays are read when they are asked for, and which file it was."""

    voice: Voice
    contents: Contents
    stamp: Stamp


def open_voice(path: Path) -> Opened:
    """The voice at `path`; only its header is read now.

    What is wrong with its arrays is told, as InvalidVoiceFile, by whatever asks for them first.

    Raises:
        InvalidVoiceFile: the file is missing, unreadable, not a voice file, or over a limit.
    """
    data, stamp = _mapped(path)
    try:
        header = read_header(data)
        voice, embeddings = outline(header)
    except InvalidVoiceFile as error:
        raise InvalidVoiceFile(f"{quoted(path.name)}: {error}") from error
    reference = voice.reference
    contents = Contents(
        embeddings=tuple(sorted(embeddings)),
        frames=header.tensors[AUDIO].shape[0] if reference else 0,
        sample_rate=reference.sample_rate if reference else 0,
    )
    arrays = arrays_in(path, voice.id, contents, stamp)
    voice = replace(voice, reference=arrays.reference, embeddings=arrays.embeddings)
    return Opened(voice=voice, contents=contents, stamp=stamp)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraysInFile:
    """What is read when it is asked for."""

    reference: Reference | None
    embeddings: Mapping[str, Embedding]


def arrays_in(path: Path, voice_id: str, contents: Contents, stamp: Stamp | None = None) -> ArraysInFile:
    """What the file at `path` holds.

    Raises, when it is asked for:
        VoiceChanged: the file is not, or no more, the one that was meant.
        InvalidVoiceFile: it is damaged.
    """
    file = _File(path, voice_id, stamp)
    reference = None
    if contents.frames:
        samples = partial(file.samples, contents.frames)
        reference = Reference.later(samples, frames=contents.frames, sample_rate=contents.sample_rate)
    embeddings = {key: Embedding.later(partial(file.embedding, key)) for key in contents.embeddings}
    return ArraysInFile(reference=reference, embeddings=embeddings)


class _File:
    """A file that stays as it is from the moment it is mapped, whatever takes its place."""

    def __init__(self, path: Path, voice_id: str, stamp: Stamp | None) -> None:
        self._path = path
        self._voice_id = voice_id
        self._stamp = stamp
        self._lock = threading.Lock()
        self._data: mmap.mmap | bytes = b""
        self._header: Header | None = None
        self._arrays: dict[str, Mapping[str, NDArray[Any]]] = {}
        """By embedding key, and the samples under the name of their tensor; each checked when it came here."""

    def samples(self, frames: int) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self._read(AUDIO)[AUDIO]
        if len(found) != frames:
            raise self._changed()
        return found

    def embedding(self, key: str) -> Mapping[str, NDArray[Any]]:
        return self._read(key)

    def _read(self, what: str) -> Mapping[str, NDArray[Any]]:
        known = self._arrays.get(what)
        if known is not None:
            return known
        with self._lock:
            if what not in self._arrays:
                self._arrays[what] = self._checked(what)
            return self._arrays[what]

    def _checked(self, what: str) -> Mapping[str, NDArray[Any]]:
        try:
            header = self._header or self._open()
            voice, embeddings = outline(header)
            tensors = {AUDIO: header.tensors[AUDIO]} if what == AUDIO and voice.reference else embeddings.get(what)
            if voice.id != self._voice_id or not tensors:
                raise self._changed()
            return finite(self._data, tensors)
        except InvalidVoiceFile as error:
            raise InvalidVoiceFile(f"{quoted(self._path.name)}: {error}") from error

    def _open(self) -> Header:
        try:
            data, stamp = _mapped(self._path)
        except InvalidVoiceFile as error:
            if self._path.exists():
                raise
            raise self._changed() from error
        if self._stamp not in (None, stamp):
            raise self._changed()
        self._header, self._data = read_header(data), data
        return self._header

    def _changed(self) -> VoiceChanged:
        return VoiceChanged(f"the voice '{self._voice_id}' was removed or replaced a moment ago: send the job again")


def _mapped(path: Path) -> tuple[mmap.mmap | bytes, Stamp]:
    try:
        if path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve()):
            raise InvalidVoiceFile(f"{quoted(path.name)}: a link that leads out of the folder")
        # A pipe would block the one who opens it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise InvalidVoiceFile(f"{quoted(path.name)}: there is no such file")
            if found.st_size > MAX_FILE_BYTES:
                raise InvalidVoiceFile(f"{quoted(path.name)}: larger than {MAX_FILE_BYTES // 2**20} MiB")
            data = mmap.mmap(descriptor, found.st_size, access=mmap.ACCESS_READ) if found.st_size else b""
            return data, Stamp.of(found)
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        raise InvalidVoiceFile(f"{quoted(path.name)}: there is no such file") from error
    except OSError as error:
        raise InvalidVoiceFile(f"{quoted(path.name)}: cannot be read: {error.strerror}") from error
