"""Voice store: a bucket in which the voices that one worker saves are there for all others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import TypeVar

from voice_library.catalog import MAX_ENTRIES
from voice_library.embedding_file import voice_to_bytes
from voice_library.errors import InvalidVoiceFile, StoreUnavailable, VoiceChanged, quoted
from voice_library.header import MAX_FILE_BYTES, read_header
from voice_library.names import as_voice_id
from voice_library.store import SUFFIX, Kept
from voice_library.voice import Voice
from worker.delivery.s3.changes import put_over, remove
from worker.delivery.s3.connection import Client, Connection, Patience
from worker.delivery.s3.folder_list import FolderList
from worker.delivery.s3.known_stamps import KnownStamps
from worker.delivery.s3.objects import HURRIED, ObjectReader, permitted
from worker.delivery.s3.recent_arrays import Arrays, RecentArrays
from worker.delivery.s3.shared_calls import SharedCalls
from worker.delivery.s3.target import target_of_worker
from worker.delivery.s3.voice_file import Tensors, groups_of, header_bytes, holding, read_tensors
from worker.errors import DeliveryFailed
from worker.settings import Settings

FOLDER = "voices"
SAVING = Patience(connect_sec=2.0, read_sec=10.0, check_sec=0.0, stall_sec=0.0, abort_sec=0.0)
"""A store takes longer to write than to read."""
CHANGE_SEC = 12.0
"""For all tries of a request that changes something: after one without an answer there is another."""
READ_SEC = 0.3
"""For all tries of one that reads: only what fails at once is tried again."""
LONGEST_FETCH_SEC = 20.0
"""For the arrays of a voice."""
RECENT_BYTES = 256 * 2**20
FRONT_BYTES = 8 * 2**10
"""Fetched of a voice before it is used: headers have 2 kB, and those with a long lexicon take a second request."""
ATTEMPTS = 3
"""At reading a header that others replace meanwhile."""

Result = TypeVar("Result")


def voice_store(settings: Settings) -> BucketVoices | None:
    """The store in the worker's own bucket, where the settings ask for one."""
    target = target_of_worker(settings) if settings.saved_voices_s3 else None
    if target is None:
        return None
    return BucketVoices(Connection(target, HURRIED), settings.s3_prefix, saving=Connection(target, SAVING))


class BucketVoices:
    """Objects `<prefix>/voices/<id>.safetensors`, which the access key may get, put, list and delete.

    Of a voice only the header is fetched until its arrays are asked for, and then only those; what was used last stays
    in memory. Of two workers that write the same voice at the same time the second finds it changed, in stores that
    know conditional writes; in others its voice is the one that stays.
    """

    def __init__(
        self,
        connection: Connection,
        prefix: str | None = None,
        *,
        saving: Connection | None = None,
        recent_bytes: int = RECENT_BYTES,
    ) -> None:
        """`connection` reads and `saving`, unset the same, changes; so many bytes of arrays stay in memory."""
        self._folder = f"{prefix}/{FOLDER}" if prefix else FOLDER
        self._saving = saving or connection
        self._reader = ObjectReader(
            connection, denied=_denied("read", "s3:GetObject and s3:ListBucket"), within_sec=READ_SEC
        )
        self._list = FolderList(
            connection,
            self._folder,
            most=MAX_ENTRIES,
            suffix=SUFFIX,
            denied=_denied("list", "s3:ListBucket"),
            within_sec=READ_SEC,
        )
        self._never = threading.Event()
        self._known = KnownStamps()
        self._recent = RecentArrays(recent_bytes)
        self._opening: SharedCalls[Kept | None] = SharedCalls()

    def stamps(self) -> Mapping[str, Hashable]:
        """The ETag of every object, by the id that its name promises."""
        at = self._known.now()
        with _as_store():
            return self._known.note_all(self._list.read(), at=at)

    def stamp(self, voice_id: str) -> Hashable | None:
        """That of one voice as it was last seen; the store is not asked."""
        return self._known.get(voice_id)

    def open(self, voice_id: str) -> Kept | None:
        """The voice as it is in the store now; threads that ask at the same time share the answer."""
        return self._opening.call(voice_id, partial(self._open, voice_id, self._key(voice_id)))

    def write(self, voice: Voice, *, over: Hashable | None) -> Kept:
        """Puts the object there, by one request."""
        data = voice_to_bytes(voice)
        stamp = self._change(
            partial(put_over, place=self._place(voice.id), data=data, etag=None if over is None else str(over)),
            denied=_denied("write to", "s3:PutObject and s3:GetObject"),
        )
        self._known.note(voice.id, stamp, at=self._known.now())
        if stamp is None:
            raise _changed(voice.id)
        return self._written(voice.id, stamp, data)

    def remove(self, voice_id: str) -> bool:
        """Removes the object; those who have its arrays keep them."""
        was_there = self._change(
            partial(remove, place=self._place(voice_id)),
            denied=_denied("remove from", "s3:DeleteObject and s3:GetObject"),
        )
        self._known.note(voice_id, None, at=self._known.now())
        return was_there

    def exclusive(self) -> AbstractContextManager[None]:
        """Nothing: a bucket knows no locks."""
        return nullcontext()

    def _open(self, voice_id: str, key: str) -> Kept | None:
        for _ in range(ATTEMPTS):
            at = self._known.now()
            with _as_store():
                first = self._reader.piece(key, most_bytes=FRONT_BYTES)
            self._known.note(voice_id, first.etag if first else None, at=at)
            if first is None:
                return None
            if first.total_bytes > MAX_FILE_BYTES:
                raise InvalidVoiceFile(f"{_file(voice_id)}: larger than {MAX_FILE_BYTES // 2**20} MiB")
            end = min(header_bytes(first.data), first.total_bytes)
            rest = self._bytes(key, first.etag, len(first.data), end)
            if rest is not None:
                return self._kept(voice_id, first.etag, first.data + rest, first.total_bytes)
        raise _changed(voice_id)

    def _kept(self, voice_id: str, stamp: str, front: bytes, total_bytes: int) -> Kept:
        """The voice in an object of so many bytes, which begins with `front`."""
        with _in_file(voice_id):
            voice, groups = groups_of(read_header(front, size_bytes=total_bytes))
            if voice.id != voice_id:
                raise InvalidVoiceFile(f"it holds the voice '{voice.id}'")
        return Kept(voice=holding(voice, groups, partial(self._arrays, voice_id, stamp)), stamp=stamp)

    def _written(self, voice_id: str, stamp: str, data: bytes) -> Kept:
        """The voice in `data`, its arrays in memory as if they had been fetched."""
        _, groups = groups_of(read_header(data))
        for name, tensors in groups:
            arrays = read_tensors(tensors, lambda begin, end: data[begin:end])
            self._recent.put((voice_id, stamp, name), arrays)
        return self._kept(voice_id, stamp, data, len(data))

    def _arrays(self, voice_id: str, stamp: str, name: str, tensors: Tensors) -> Arrays:
        return self._recent.get((voice_id, stamp, name), partial(self._fetched, voice_id, stamp, tensors))

    def _fetched(self, voice_id: str, stamp: str, tensors: Tensors) -> Arrays:
        key = self._key(voice_id)

        def fetch(begin: int, end: int) -> bytes:
            found = self._bytes(key, stamp, begin, end)
            if found is None:
                if self._known.get(voice_id) == stamp:
                    self._known.note(voice_id, None, at=self._known.now())
                raise _changed(voice_id)
            return found

        with _in_file(voice_id):
            return read_tensors(tensors, fetch)

    def _bytes(self, key: str, stamp: str, begin: int, end: int) -> bytes | None:
        with _as_store():
            return self._reader.span(key, begin, end, etag=stamp, until=time.monotonic() + LONGEST_FETCH_SEC)

    def _change(self, request: Callable[[Client], Result], *, denied: str) -> Result:
        with _as_store():
            return self._saving.call(permitted(request, denied), within_sec=CHANGE_SEC, ended=self._never)

    def _place(self, voice_id: str) -> dict[str, str]:
        return {"Bucket": self._saving.target.bucket, "Key": self._key(voice_id)}

    def _key(self, voice_id: str) -> str:
        if as_voice_id(voice_id) != voice_id:
            raise InvalidVoiceFile(f"{_file(voice_id)} is named as no voice can be: use a-z, 0-9, - and _")
        return f"{self._folder}/{voice_id}{SUFFIX}"


@contextmanager
def _as_store() -> Iterator[None]:
    try:
        yield
    except DeliveryFailed as error:
        raise StoreUnavailable(f"the bucket of saved voices: {error}") from error


@contextmanager
def _in_file(voice_id: str) -> Iterator[None]:
    try:
        yield
    except InvalidVoiceFile as error:
        raise InvalidVoiceFile(f"{_file(voice_id)}: {error}") from error


def _changed(voice_id: str) -> VoiceChanged:
    return VoiceChanged(f"the voice '{voice_id}' was removed or replaced a moment ago: send the job again")


def _denied(what: str, permissions: str) -> str:
    return f"the access key may not {what} it: TTS_SAVED_VOICES_S3 needs {permissions}"


def _file(voice_id: str) -> str:
    return quoted(f"{voice_id}{SUFFIX}")
