"""Sent audio: the recordings that come with a request, fetched and decoded, and which field is at fault if not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from worker.audio.clip import Clip
from worker.audio.decode import decode
from worker.errors import WorkerError
from worker.fetch.fetcher import Fetcher
from worker.fetch.reference import reference_bytes


def recording(source: str, *, field: str, fetcher: Fetcher) -> Clip:
    """The sound of a recording that is named by URL or sent along.

    Raises:
        InvalidRequest, FetchTooLarge, UrlNotAllowed, UrlUnusable, FetchFailed: it cannot be had.
        InvalidAudio, AudioTooLong: it is no sound that is read here.

    """
    with about(field):
        return decode(reference_bytes(source, fetcher=fetcher))


@contextmanager
def about(field: str) -> Iterator[None]:
    """Marks errors that come from inside with the field they are about, where they do not name one."""
    try:
        yield
    except WorkerError as error:
        error.field = error.field or field
        raise


def digest(clip: Clip) -> str:
    """32 hexadecimal digits of the samples and their rate."""
    return hashlib.blake2b(clip.samples.data, digest_size=16, salt=clip.sample_rate.to_bytes(4)).hexdigest()
