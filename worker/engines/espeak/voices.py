"""The voices that an espeak-ng has installed."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from worker.engines.espeak.native import VoiceRecord
from worker.errors import EngineUnavailable

LANGUAGES = "lang"
"""Where a data folder has the voices of languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledVoice:
    """A voice of the data folder."""

    file: str
    """Its file below `lang/` or `voices/`, such as `gmw/en-us`."""
    languages: Mapping[str, int]
    """Its lower-case tags, its own first, each with a rank: the voice of the lowest rank is a tag's best."""

    @property
    def name(self) -> str:
        """Its file's name in lower case, unlike any other's: `en-us`."""
        return self.file.rpartition("/")[2].lower()


def link_data(data: Path, into: Path) -> None:
    """Fills the empty folder `into` with links to the data, every voice under a name in lower case.

    espeak-ng looks a voice up by its name in lower case; where the file is called otherwise it reads every voice
    there is, and never frees their list. A temporary folder's path is short besides: one of over 159 bytes does not
    fit into the library's buffer.

    Raises:
        EngineUnavailable: `data` is no data folder.

    """
    if not (data / "phontab").is_file():
        raise EngineUnavailable("espeak-ng cannot read its data folder")
    for entry in data.iterdir():
        if entry.name != LANGUAGES:
            (into / entry.name).symlink_to(entry.resolve())
    for voice in (data / LANGUAGES).rglob("*"):
        link = into / LANGUAGES / str(voice.relative_to(data / LANGUAGES)).lower()
        if voice.is_dir():
            link.mkdir(parents=True, exist_ok=True)
        else:
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(voice.resolve())


def listed_voices(espeak: ctypes.CDLL) -> Iterator[InstalledVoice]:
    """Every voice an initialised library has, in its order."""
    espeak.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(VoiceRecord))
    listed = espeak.espeak_ListVoices(None)
    index = 0
    while listed[index]:
        voice = listed[index].contents
        yield InstalledVoice(file=voice.identifier.decode(), languages=dict(_languages(voice.languages)))
        index += 1


def _languages(packed: ctypes._Pointer[ctypes.c_char]) -> Iterator[tuple[str, int]]:
    """Tags and ranks of a list of (rank byte, text, NUL) that a zero rank ends."""
    position = 0
    while packed[position] != b"\0":
        rank = packed[position][0]
        position += 1
        tag = b""
        while packed[position] != b"\0":
            tag += packed[position]
            position += 1
        position += 1
        yield tag.decode().lower(), rank


def data_folder(espeak: ctypes.CDLL) -> Path:
    """Where an initialised library reads its data."""
    espeak.espeak_Info.restype = ctypes.c_char_p
    folder = ctypes.c_char_p()
    espeak.espeak_Info(ctypes.byref(folder))
    return Path(os.fsdecode(folder.value or b""))


def library_version(espeak: ctypes.CDLL) -> str:
    """What a library calls itself, such as "1.52.0"."""
    espeak.espeak_Info.restype = ctypes.c_char_p
    return (espeak.espeak_Info(None) or b"").decode(errors="replace")


def has_dictionary(voice: InstalledVoice, data: Path) -> bool:
    """Whether its pronunciation dictionary is there: espeak-ng lists some voices that come without, and are mute."""
    description = data / LANGUAGES / voice.file
    if not description.is_file():
        description = data / "voices" / voice.file
    named = re.search(r"^dictionary\s+(\S+)", description.read_text(encoding="utf-8"), re.MULTILINE)
    dictionary = named[1] if named else next(iter(voice.languages)).partition("-")[0]
    return (data / f"{dictionary}_dict").is_file()
