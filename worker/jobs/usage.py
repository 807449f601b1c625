"""Usage: how many jobs each voice and profile was cast in, kept beside the saved voices for the workers to come."""

from __future__ import annotations

import errno
import json
import logging
import os
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voice_library.embedding_file import write_whole
from voice_library.errors import StoreUnavailable
from voice_library.fields import VoiceId
from voice_library.library import VoiceLibrary
from voice_library.lock import locked
from voice_library.strict_json import JsonError, parse_json

FILE = "usage.json"
ASIDE = "usage.json.damaged"
MOST_ENTRIES = 10_000
"""As many as a catalogue has voices; of more, those used least are forgotten."""
MOST_BYTES = 2 * 2**20
"""Room for that many of the longest ids."""
MOST_USES = 2**53
"""The largest whole number that every JSON reader has."""
KEEP_EVERY_SEC = 60.0
PATIENCE_SEC = 5.0
"""For the folder's lock; counts that find it taken wait for the next time."""

logger = logging.getLogger(__name__)


class _Kept(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format_version: Annotated[int, Field(ge=1, le=1)] = 1
    uses: Annotated[dict[VoiceId, Annotated[int, Field(ge=1, le=MOST_USES)]], Field(max_length=MOST_ENTRIES)] = {}


class _Damaged(Exception):
    """The file is not one that `Usage` wrote; the message says why, without quotes of it."""


class Usage:
    """Counts by id; safe to use from any number of threads, and from any number of processes on one folder."""

    def __init__(self, folder: Path | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """With a `folder`, what was counted before stands in it; without, nothing outlives the worker."""
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._keeping = threading.Lock()
        """The file is read and written by one thread at a time."""
        self._kept: Counter[str] = Counter()
        """What the file had when it was last looked at."""
        self._new: Counter[str] = Counter()
        """What is not in it yet."""
        self._due_sec = clock()
        self._trouble = ""
        """What went wrong the last time: it is logged once."""

    def count(self, names: Iterable[str], library: VoiceLibrary) -> None:
        """Counts one more job for each of `names` that is the id of an entry of `library`; others are passed over."""
        names = set(names)
        if names:
            with self._lock:
                self._new.update(names & ids_in(library))

    def uses(self, entry_id: str) -> int:
        """Jobs that a voice or profile was cast in, as far as this worker knows."""
        with self._lock:
            return self._kept[entry_id] + self._new[entry_id]

    def most_used(self) -> list[str]:
        """Ids of what was used, the most first."""
        with self._lock:
            return [entry_id for entry_id, _ in (self._kept + self._new).most_common()]

    def keep_now_and_then(self) -> None:
        """As `keep`, if the last time was a while ago."""
        if self._clock() >= self._due_sec:
            self.keep()

    def keep(self) -> None:
        """Puts into the file what was counted since the last time, and learns what other workers counted.

        What goes wrong is logged; the counts then wait for the next time.
        """
        if self._folder is None:
            return
        with self._keeping:
            self._due_sec = self._clock() + KEEP_EVERY_SEC
            trouble = ""
            try:
                self._merge(self._folder)
            except StoreUnavailable as error:
                trouble = str(error)
            except OSError as error:
                trouble = errno.errorcode.get(error.errno or 0, "unknown error")
            if trouble and trouble != self._trouble:
                logger.warning("the uses of voices are not kept: %s", trouble)
            self._trouble = trouble

    def _merge(self, folder: Path) -> None:
        with self._lock:
            new = self._new.copy()
        if new:
            folder.mkdir(parents=True, exist_ok=True)
        elif not os.path.lexists(folder / FILE):
            return
        with locked(folder, patience_sec=PATIENCE_SEC):
            kept = _read(folder)
            if new:
                kept = Counter(dict((kept + new).most_common(MOST_ENTRIES)))
                write_whole(folder / FILE, _written(kept))
        with self._lock:
            self._kept = kept
            self._new -= new


def ids_in(library: VoiceLibrary) -> set[str]:
    """Those of its voices and profiles."""
    return {voice.id for voice in library.voices} | {profile.id for profile in library.profiles}


def _written(uses: Mapping[str, int]) -> bytes:
    capped = {entry_id: min(count, MOST_USES) for entry_id, count in uses.items()}
    return json.dumps({"format_version": 1, "uses": capped}, indent=0).encode()


def _read(folder: Path) -> Counter[str]:
    """What the file has; one that is damaged is put aside, and counting begins anew."""
    path = folder / FILE
    try:
        return Counter(_parsed(_bytes(path)).uses)
    except FileNotFoundError:
        return Counter()
    except _Damaged as error:
        logger.error("%s is put aside, and voices are counted anew: it %s", FILE, error)  # noqa: TRY400 - it says all
        path.replace(folder / ASIDE)
        return Counter()


def _bytes(path: Path) -> bytes:
    try:
        # A pipe would block the one who opens it, and a link lead anywhere.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise _Damaged("is a link") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _Damaged("is no file")
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise _Damaged(f"is larger than {MOST_BYTES // 2**20} MiB")
    return data


def _parsed(data: bytes) -> _Kept:
    try:
        parse_json(data)  # pydantic's own parser would let the last of two equal keys win
        return _Kept.model_validate_json(data)
    except JsonError as error:
        raise _Damaged(str(error)) from error
    except ValidationError as error:
        raise _Damaged("does not hold what it should") from error
