"""libespeak-ng through ctypes: one fresh instance per call, under one lock.

Two facts of espeak-ng 1.52 shape this file. It is one global state without locks, and two threads inside it crash.
And what it says depends on what it said before: an instance that has just been loaded and had its random seed set
is the only one that gives the same samples for the same call. Loading takes about half a millisecond.
"""

from __future__ import annotations

import _ctypes
import ctypes
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np

from worker.audio.clip import Samples
from worker.errors import EngineFailed, EngineUnavailable

# speak_lib.h of espeak-ng 1.52: https://github.com/espeak-ng/espeak-ng/blob/1.52.0/src/include/espeak-ng/speak_lib.h
AUDIO_OUTPUT_SYNCHRONOUS = 2
INITIALIZE_DONT_EXIT = 0x8000
CHARS_UTF8 = 1
POS_CHARACTER = 1
EVENT_LIST_TERMINATED = 0
EVENT_WORD = 1
EE_OK = 0

LONGEST_DATA_PATH = 150
"""espeak-ng copies the path into 160 bytes and fails to start on a longer one."""
INT16_FULL_SCALE = 32768.0


class Parameter(IntEnum):
    """`espeak_PARAMETER`."""

    RATE = 1
    """Words per minute."""
    PITCH = 3
    """0…99, 50 is the voice's own."""
    RANGE = 4
    """0…99, 0 is a monotone."""
    WORDGAP = 7
    """Units of 10 ms at the default rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordEvent:
    """Where in the text a word stands and when it begins."""

    start: int
    length: int
    """Both in characters."""
    sample: int
    """Samples from the start of the audio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What one call gave."""

    samples: Samples
    words: tuple[WordEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledVoice:
    """A voice of the data folder."""

    file: str
    """Its file below `lang/` or `voices/`, such as `gmw/en-US`."""
    languages: Mapping[str, int]
    """Its lower-case tags, its own first, each with a rank: the voice of the lowest rank is a tag's best."""

    @property
    def name(self) -> str:
        """Its file's name in lower case, unlike any other's: `en-us`."""
        return self.file.rpartition("/")[2].lower()


class _Event(ctypes.Structure):
    class _Id(ctypes.Union):
        _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.POINTER(ctypes.c_char)),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class EspeakLibrary:
    """One libespeak-ng on disk with its data folder; safe to call from several threads."""

    def __init__(self, library: Path, data: Path | None) -> None:
        """`data` holds `phontab`; None uses the folder compiled into the library.

        Raises:
            EngineUnavailable: the library or its data cannot be used.

        """
        self._library = library
        self._lock = threading.Lock()
        self._shortcut: tempfile.TemporaryDirectory[str] | None = None
        self._data = self._short(data) if data else None
        with self._instance() as espeak:
            self.sample_rate = self._initialize(espeak)
            data_in_use = _data_folder(espeak)
            self.voices = tuple(voice for voice in _listed(espeak) if _has_dictionary(voice, data_in_use))
            self.variants = frozenset(path.name for path in (data_in_use / "voices" / "!v").iterdir())
            """Names that may follow a `+`; espeak-ng itself ignores one it does not know."""

    def speak(
        self,
        text: str,
        voice: str,
        parameters: Mapping[Parameter, int],
        *,
        seed: int,
        cancelled: Callable[[], bool],
    ) -> Speech:
        """The audio of `text`, the same samples each time; ends early, short, once `cancelled()` is true.

        `voice` is a file of `voices`, with `+` and a variant's file name where one is wanted.

        Raises:
            EngineFailed: espeak-ng refused the voice or the text.

        """
        recorder = _Recorder(cancelled)
        callback = _Callback(recorder)
        encoded = text.encode()
        with self._instance() as espeak:
            self._initialize(espeak)
            espeak.espeak_ng_SetRandSeed(ctypes.c_long(seed))
            espeak.espeak_SetSynthCallback(callback)
            if espeak.espeak_SetVoiceByName(voice.encode()) != EE_OK:
                raise EngineFailed("espeak-ng has lost a voice it listed when it was loaded")
            for parameter, value in parameters.items():
                espeak.espeak_SetParameter(parameter, value, 0)
            size = ctypes.c_size_t(len(encoded) + 1)
            status = espeak.espeak_Synth(encoded, size, 0, POS_CHARACTER, 0, CHARS_UTF8, None, None)
        if status != EE_OK:
            raise EngineFailed(f"espeak-ng gave up with status {status}")
        return recorder.speech()

    def close(self) -> None:
        """Removes the shortcut to the data folder, where one was needed."""
        if self._shortcut:
            self._shortcut.cleanup()

    @contextmanager
    def _instance(self) -> Iterator[ctypes.CDLL]:
        with self._lock:
            try:
                espeak = ctypes.CDLL(str(self._library))
            except OSError as error:
                raise EngineUnavailable("libespeak-ng is there but cannot be loaded") from error
            try:
                yield espeak
            finally:
                espeak.espeak_Terminate()
                _ctypes.dlclose(espeak._handle)  # noqa: SLF001 - ctypes has no public way to unload

    def _initialize(self, espeak: ctypes.CDLL) -> int:
        path = str(self._data).encode() if self._data else None
        sample_rate: int = espeak.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, path, INITIALIZE_DONT_EXIT)
        if sample_rate <= 0:
            raise EngineUnavailable("espeak-ng cannot read its data folder")
        return sample_rate

    def _short(self, data: Path) -> Path:
        if len(os.fsencode(data)) <= LONGEST_DATA_PATH:
            return data
        self._shortcut = tempfile.TemporaryDirectory(prefix="espeak-")
        link = Path(self._shortcut.name, "data")
        link.symlink_to(data, target_is_directory=True)
        return link


class _Recorder:
    """The synthesis callback: keeps samples and word events of one call."""

    def __init__(self, cancelled: Callable[[], bool]) -> None:
        self._cancelled = cancelled
        self._parts: list[Samples] = []
        self._words: list[WordEvent] = []
        self._error: Exception | None = None

    def __call__(self, wave: ctypes._Pointer[ctypes.c_short], frames: int, events: ctypes._Pointer[_Event]) -> int:
        try:
            self._record(wave, frames, events)
        except Exception as error:  # noqa: BLE001 - ctypes drops what a callback raises; `speech` raises it again
            self._error = error
        return int(self._error is not None or self._cancelled())

    def speech(self) -> Speech:
        if self._error:
            raise self._error
        samples = np.concatenate(self._parts) if self._parts else np.zeros(0, dtype=np.float32)
        return Speech(samples=samples, words=tuple(self._words))

    def _record(self, wave: ctypes._Pointer[ctypes.c_short], frames: int, events: ctypes._Pointer[_Event]) -> None:
        if frames > 0:
            part = np.ctypeslib.as_array(wave, (frames,)).astype(np.float32)
            self._parts.append(part / np.float32(INT16_FULL_SCALE))
        index = 0
        while events[index].type != EVENT_LIST_TERMINATED:
            self._note(events[index])
            index += 1

    def _note(self, event: _Event) -> None:
        start = event.text_position - 1
        spoken_already = self._words and start < self._words[-1].start + self._words[-1].length
        if event.type == EVENT_WORD and not spoken_already:
            self._words.append(WordEvent(start=start, length=event.length, sample=event.sample))


def _listed(espeak: ctypes.CDLL) -> Iterator[InstalledVoice]:
    espeak.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
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


def _data_folder(espeak: ctypes.CDLL) -> Path:
    espeak.espeak_Info.restype = ctypes.c_char_p
    folder = ctypes.c_char_p()
    espeak.espeak_Info(ctypes.byref(folder))
    return Path(os.fsdecode(folder.value or b""))


def _has_dictionary(voice: InstalledVoice, data: Path) -> bool:
    """Whether its pronunciation dictionary is there: espeak-ng lists some voices that come without, and are mute."""
    description = data / "lang" / voice.file
    if not description.is_file():
        description = data / "voices" / voice.file
    named = re.search(r"^dictionary\s+(\S+)", description.read_text(encoding="utf-8"), re.MULTILINE)
    dictionary = named[1] if named else next(iter(voice.languages)).partition("-")[0]
    return (data / f"{dictionary}_dict").is_file()
