"""The shelf: the library of a worker, and a folder for the voices that are made while it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from voice_library.embedding_file import read_voice, write_voice
from voice_library.errors import InvalidVoiceFile, NameTaken, UnknownVoice, VoiceLibraryError, quoted
from voice_library.library import VoiceLibrary
from voice_library.metadata import MAX_REFERENCE_SEC
from voice_library.names import fold
from voice_library.voice import Embedding, Reference, Voice

SUFFIX = ".safetensors"


class Shelf:
    """Holds one library after another, each with more voices; whoever has taken one keeps it as it is."""

    def __init__(self, library: VoiceLibrary, folder: Path | None = None) -> None:
        """`library` is what no saved voice replaces; without a `folder` none is saved."""
        self.folder = folder
        self._given = library
        self._lock = threading.Lock()
        self._saved: dict[str, Voice] = {}
        """By folded id."""
        self._library = library

    @property
    def library(self) -> VoiceLibrary:
        """The given voices and, after them, the saved ones."""
        return self._library

    def contribute(self, voices: Iterable[Voice]) -> None:
        """Adds voices that no saved one replaces, such as those an engine brings that is loaded late.

        Raises:
            InvalidCatalog: there is a voice or profile of such a name.
        """
        with self._lock:
            given = self._given.with_voices(voices)
            self._library = given.with_voices(self._saved.values())
            self._given = given

    def load(self) -> list[VoiceLibraryError]:
        """Takes in every voice file of the folder; what is wrong with those that were left out."""
        problems: list[VoiceLibraryError] = []
        for path in self._files(problems):
            try:
                self._put(self._read(path))
            except VoiceLibraryError as error:
                problems.append(error)
        return problems

    def check(self, voice: Voice, *, replaces: bool) -> None:
        """Raises what `save` would, before anything is made for it.

        Raises:
            NameTaken: another voice or a profile has that name.
            InvalidVoiceFile: a file of that name is there, but damaged.
        """
        self._standing(_short_enough(voice), replaces=replaces)

    def save(self, voice: Voice, *, replaces: bool) -> Voice:
        """The voice as it is kept from now on, its reference no longer than a voice file may hold.

        The same recording under the same name is kept once, however often it is saved.

        Raises:
            NameTaken: another voice or a profile has that name; one saved before gives way if `replaces`.
            InvalidVoiceFile: the voice breaks a limit of voice files.
            OSError: the disk refuses; nothing has changed.
        """
        if self.folder is None:
            raise ValueError("a shelf without a folder saves nothing")
        with self._lock:
            voice = _short_enough(voice)
            standing = self._standing(voice, replaces=replaces)
            if standing is not None:
                kept = standing.embeddings if _same(standing, voice) else {}
                voice = replace(voice, id=standing.id, embeddings={**kept, **voice.embeddings})
            self.folder.mkdir(parents=True, exist_ok=True)
            write_voice(self.folder / f"{voice.id}{SUFFIX}", voice)
            self._put(voice)
            return voice

    def _files(self, problems: list[VoiceLibraryError]) -> list[Path]:
        if self.folder is None or not self.folder.exists():
            return []
        try:
            return sorted(path for path in self.folder.iterdir() if path.suffix == SUFFIX)
        except OSError as error:
            problems.append(InvalidVoiceFile(f"the folder of saved voices cannot be read: {error.strerror}"))
            return []

    def _read(self, path: Path) -> Voice:
        voice = read_voice(path)
        if path.stem != voice.id:
            raise InvalidVoiceFile(f"{quoted(path.name)} holds the voice '{voice.id}'")
        if _found(self._library, voice.id):
            raise NameTaken(f"{quoted(path.name)}: a voice or profile of that name is there already")
        return voice

    def _standing(self, voice: Voice, *, replaces: bool) -> Voice | None:
        """The saved voice that has the name of `voice`, by this worker or another one on the same folder."""
        if _found(self._given, voice.id):
            raise NameTaken(f"'{voice.id}' is a voice or profile of this worker's library: choose another name")
        standing = self._saved.get(fold(voice.id)) or self._on_disk(voice.id, replaces=replaces)
        if standing is not None and not replaces and not _same(standing, voice):
            raise NameTaken(f"a voice '{voice.id}' was saved before: choose another name, or replace it")
        return standing

    def _on_disk(self, voice_id: str, *, replaces: bool) -> Voice | None:
        path = self.folder / f"{voice_id}{SUFFIX}" if self.folder else None
        if path is None or replaces or not path.exists():
            return None
        return read_voice(path)

    def _put(self, voice: Voice) -> None:
        saved = {**self._saved, fold(voice.id): voice}
        self._library = self._given.with_voices(saved.values())
        self._saved = saved


def _found(library: VoiceLibrary, name: str) -> bool:
    try:
        library.find(name)
    except UnknownVoice:
        return False
    return True


def _short_enough(voice: Voice) -> Voice:
    reference = voice.reference
    if reference is None or reference.duration_sec <= MAX_REFERENCE_SEC:
        return voice
    samples = reference.samples[: int(MAX_REFERENCE_SEC * reference.sample_rate)]
    return replace(voice, reference=Reference(samples=samples.copy(), sample_rate=reference.sample_rate))


def _same(one: Voice, other: Voice) -> bool:
    """Whether both have one recording or, without, share an embedding; made for the same name and language."""
    if (one.names, one.language) != (other.names, other.language):
        return False
    if one.reference is None or other.reference is None:
        return one.reference is other.reference and _share(one.embeddings, other.embeddings)
    return one.reference.sample_rate == other.reference.sample_rate and np.array_equal(
        one.reference.samples, other.reference.samples
    )


def _share(one: Mapping[str, Embedding], other: Mapping[str, Embedding]) -> bool:
    return any(_equal(one[key], other[key]) for key in one.keys() & other.keys())


def _equal(one: Embedding, other: Embedding) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)
