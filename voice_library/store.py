"""Where voices are kept that are made while workers run."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from voice_library.embedding_file import write_voice
from voice_library.errors import InvalidVoiceFile, StoreUnavailable, quoted
from voice_library.lock import locked
from voice_library.mapped import Stamp, open_voice
from voice_library.names import as_voice_id
from voice_library.voice import Voice

SUFFIX = ".safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A voice as a store has it."""

    voice: Voice
    stamp: Hashable
    """Changes whenever another takes its place."""


class VoiceStore(Protocol):
    """Voices by id, each in one piece; for any number of threads, processes and machines.

    All raise StoreUnavailable where the store is out of reach or refuses, and OSError where a disk does.
    """

    def stamps(self) -> Mapping[str, Hashable]:
        """The stamp of every voice, by id."""

    def stamp(self, voice_id: str) -> Hashable | None:
        """That of one voice, None where there is none; as known, if asking would take more than a moment."""

    def open(self, voice_id: str) -> Kept | None:
        """The voice, its arrays to be read when they are asked for; None where there is none.

        Raises:
            InvalidVoiceFile: what is there is no voice file, or that of another voice.
        """

    def write(self, voice: Voice, *, over: Hashable | None) -> Kept:
        """Puts the voice there, whole or not at all, in place of the one with the stamp `over`, or of none.

        Raises:
            VoiceChanged: something else is there by now, as far as the store can tell; nothing has changed.
            InvalidVoiceFile: the voice breaks a limit of voice files; nothing has changed.
        """

    def remove(self, voice_id: str) -> bool:
        """Removes the voice; whether there was one."""

    def exclusive(self) -> AbstractContextManager[None]:
        """While this is held nobody else writes or removes, in stores that know such a thing."""


class FolderStore:
    """Files `<id>.safetensors` in a folder, such as one on a volume; a catalogue beside them is not its business."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamps(self) -> Mapping[str, Hashable]:
        """The stamp of every file, by the id that its name promises."""
        try:
            with os.scandir(self.path) as entries:
                files = [entry for entry in entries if entry.name.endswith(SUFFIX) and not entry.name.startswith(".")]
                return {
                    entry.name.removesuffix(SUFFIX): stamp
                    for entry in sorted(files, key=lambda entry: entry.name)
                    if (stamp := _stamp(entry)) is not None
                }
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StoreUnavailable(f"the folder of saved voices cannot be read: {error.strerror}") from error

    def stamp(self, voice_id: str) -> Hashable | None:
        """That of the file as it is now."""
        return _stamp(self._path(voice_id))

    def open(self, voice_id: str) -> Kept | None:
        """The voice; its file is mapped when its arrays are asked for."""
        path = self._path(voice_id)
        if _stamp(path) is None:
            return None
        opened = open_voice(path)
        if opened.voice.id != voice_id:
            raise InvalidVoiceFile(f"{quoted(path.name)} holds the voice '{opened.voice.id}'")
        return Kept(voice=opened.voice, stamp=opened.stamp)

    def write(self, voice: Voice, *, over: Hashable | None) -> Kept:  # noqa: ARG002 - the lock keeps others out
        """Puts the file there."""
        path = self._path(voice.id)
        write_voice(path, voice)
        opened = open_voice(path)
        return Kept(voice=opened.voice, stamp=opened.stamp)

    def remove(self, voice_id: str) -> bool:
        """Removes the file; those who have mapped it keep it."""
        try:
            self._path(voice_id).unlink()
        except FileNotFoundError:
            return False
        return True

    def exclusive(self) -> AbstractContextManager[None]:
        """The lock of the folder."""
        self.path.mkdir(parents=True, exist_ok=True)
        return locked(self.path)

    def _path(self, voice_id: str) -> Path:
        if as_voice_id(voice_id) != voice_id:
            raise InvalidVoiceFile(f"{quoted(voice_id + SUFFIX)} is named as no voice can be: use a-z, 0-9, - and _")
        return self.path / f"{voice_id}{SUFFIX}"


def _stamp(file: Path | os.DirEntry[str]) -> Stamp | None:
    try:
        return Stamp.of(file.stat())
    except OSError:
        return None
