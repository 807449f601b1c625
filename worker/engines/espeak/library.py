"""libespeak-ng through ctypes: one fresh instance per call, under one lock.

Two facts of espeak-ng 1.52 shape this file. It is one global state without locks, and two threads inside it crash.
And what it says depends on what it said before: an instance that has just been loaded and had its random seed set
is the only one that gives the same samples for the same call. Loading takes about half a millisecond.
"""

from __future__ import annotations

import _ctypes
import ctypes
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from worker.audio.clip import Samples
from worker.engines.espeak.native import (
    AUDIO_OUTPUT_SYNCHRONOUS,
    CHARS_UTF8,
    EE_OK,
    EVENT_LIST_TERMINATED,
    EVENT_WORD,
    INITIALIZE_DONT_EXIT,
    POS_CHARACTER,
    Callback,
    Event,
    Parameter,
)
from worker.engines.espeak.voices import data_folder, has_dictionary, library_version, link_data, listed_voices
from worker.errors import EngineFailed, EngineUnavailable

INT16_FULL_SCALE = 32768.0


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


class EspeakLibrary:
    """One libespeak-ng on disk with its data folder; safe to call from several threads."""

    def __init__(self, library: Path, data: Path | None) -> None:
        """`data` holds `phontab`; None uses the folder compiled into the library.

        Raises:
            EngineUnavailable: the library or its data cannot be used.

        """
        self._library = library
        self._lock = threading.Lock()
        self._data = Path(tempfile.mkdtemp(prefix="espeak-"))
        self._remove_data = weakref.finalize(self, shutil.rmtree, self._data, ignore_errors=True)
        link_data(data or self._own_data(), self._data)
        with self._instance() as espeak:
            self.sample_rate = _initialized(espeak, self._data)
            self.version = library_version(espeak)
            self.voices = tuple(voice for voice in listed_voices(espeak) if has_dictionary(voice, self._data))
        self.variants = frozenset(path.name for path in (self._data / "voices" / "!v").iterdir())
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
        callback = Callback(recorder)
        encoded = text.replace("\0", " ").encode(errors="replace")  # C ends a text at its first NUL
        with self._instance() as espeak:
            _initialized(espeak, self._data)
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
        """Removes the links to the data."""
        self._remove_data()

    def _own_data(self) -> Path:
        with self._instance() as espeak:
            _initialized(espeak, None)
            return data_folder(espeak)

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


def _initialized(espeak: ctypes.CDLL, data: Path | None) -> int:
    """The sample rate of an instance that has read its data."""
    path = None if data is None else os.fsencode(data)
    sample_rate: int = espeak.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, path, INITIALIZE_DONT_EXIT)
    if sample_rate <= 0:
        raise EngineUnavailable("espeak-ng cannot read its data folder")
    return sample_rate


class _Recorder:
    """The synthesis callback: keeps samples and word events of one call."""

    def __init__(self, cancelled: Callable[[], bool]) -> None:
        self._cancelled = cancelled
        self._parts: list[Samples] = []
        self._words: list[WordEvent] = []
        self._error: Exception | None = None

    def __call__(self, wave: ctypes._Pointer[ctypes.c_short], frames: int, events: ctypes._Pointer[Event]) -> int:
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

    def _record(self, wave: ctypes._Pointer[ctypes.c_short], frames: int, events: ctypes._Pointer[Event]) -> None:
        if frames > 0:
            part = np.ctypeslib.as_array(wave, (frames,)).astype(np.float32)
            self._parts.append(part / np.float32(INT16_FULL_SCALE))
        index = 0
        while events[index].type != EVENT_LIST_TERMINATED:
            self._note(events[index])
            index += 1

    def _note(self, event: Event) -> None:
        start = event.text_position - 1
        spoken_already = self._words and start < self._words[-1].start + self._words[-1].length
        if event.type == EVENT_WORD and not spoken_already:
            self._words.append(WordEvent(start=start, length=event.length, sample=event.sample))
