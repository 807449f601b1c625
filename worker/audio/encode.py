"""Encoding: a stream of clips becomes bytes, as they come or as a whole file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from worker.audio.clip import Clip
from worker.audio.encoders import opened
from worker.audio.formats import FORMATS, nearest_rate
from worker.audio.ogg import OggOutbox
from worker.audio.outbox import Outbox, Piece
from worker.audio.resample import resampled
from worker.errors import AudioTooLong, EngineFailed


class Writable(Protocol):
    """What `encode_file` needs of a file."""

    def seek(self, offset: int, /) -> int:
        """Moves to `offset`."""

    def write(self, data: bytes, /) -> int:
        """Takes all of `data`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """What `encode_file` wrote."""

    frames: int
    size_bytes: int


def encoded(
    clips: Iterable[Clip], format_name: str, *, sample_rate: int, max_frames: int | None = None
) -> Iterator[bytes]:
    """The file's bytes in order, as soon as there are any; the clips may have any sample rate.

    What is sent cannot be changed: WAV says it has no end (sizes 0xFFFFFFFF), FLAC that its length is
    unknown, and MP3 begins with an empty frame where a file has its index.

    Args:
        clips: the stream; its words are dropped.
        format_name: a key of FORMATS.
        sample_rate: hertz of the output, one the format supports; see `nearest_rate`.
        max_frames: the most frames, at `sample_rate`, the output may have.

    Raises:
        AudioTooLong: the stream has more than `max_frames`.
        EngineFailed: a sample is not a finite number, or there is none and the format needs one.
    """
    return _in_order(_Encoding(format_name, sample_rate, max_frames).pieces(clips))


def encode_file(
    clips: Iterable[Clip],
    format_name: str,
    *,
    sample_rate: int,
    into: Writable,
    max_frames: int | None = None,
) -> Encoded:
    """Writes the stream into `into`, an empty seekable file, with the right lengths in its header.

    The other arguments and errors are those of `encoded`; an OSError of `into` comes through as it is.
    """
    encoding = _Encoding(format_name, sample_rate, max_frames)
    size_bytes = 0
    for piece in encoding.pieces(clips):
        into.seek(piece.offset)
        into.write(piece.data)
        size_bytes = max(size_bytes, piece.offset + len(piece.data))
    return Encoded(frames=encoding.frames, size_bytes=size_bytes)


class _Encoding:
    """One stream on its way to bytes, and how many frames of it are through."""

    def __init__(self, format_name: str, sample_rate: int, max_frames: int | None) -> None:
        self._format = FORMATS[format_name]
        if nearest_rate(format_name, sample_rate) != sample_rate:
            raise ValueError(f"{format_name} has no sample rate of {sample_rate} Hz")
        self._sample_rate = sample_rate
        self._max_frames = max_frames
        self.frames = 0

    def pieces(self, clips: Iterable[Clip]) -> Iterator[Piece]:
        """The file in the order it is written; what is patched at the end comes last."""
        outbox = OggOutbox() if self._format.container == "OGG" else Outbox()
        with closing(opened(self._format, self._sample_rate, outbox)) as encoder:
            yield from outbox.taken()
            for clip in resampled(map(_finite, clips), self._sample_rate):
                self._count(clip)
                encoder.write(clip.samples)
                yield from outbox.taken()
            if not self.frames and not self._format.can_be_empty:
                raise EngineFailed(f"no audio was made, and {self._format.name} cannot hold none")
        yield from outbox.taken()

    def _count(self, clip: Clip) -> None:
        self.frames += len(clip.samples)
        if self._max_frames is not None and self.frames > self._max_frames:
            limit_sec, reached_sec = self._max_frames / self._sample_rate, self.frames / self._sample_rate
            raise AudioTooLong(
                f"the audio is over the limit of {limit_sec:.1f} s: {reached_sec:.1f} s so far; "
                "send less text or split it over several jobs"
            )


def _finite(clip: Clip) -> Clip:
    if not np.isfinite(clip.samples).all():
        raise EngineFailed("the audio holds samples that are not finite numbers")
    return clip


def _in_order(pieces: Iterator[Piece]) -> Iterator[bytes]:
    sent = 0
    for piece in pieces:
        # What lies further back has been sent and stays as it was.
        if piece.offset == sent:
            sent += len(piece.data)
            yield piece.data
