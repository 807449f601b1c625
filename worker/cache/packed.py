"""Packed entries: bytes that say themselves whether they are whole.

    magic 4 · version u16 · sample coding u16 · header bytes u32 · samples bytes u64 · header · samples · checksum 16

Numbers are little-endian, the header is JSON. The checksum covers all before it and the key: an entry that lies under
another's name is none.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from worker.audio.clip import Clip, Samples, Word
from worker.cache.entry import Entry
from worker.cache.key import FORMAT_VERSION
from worker.engines.base import Verdict

MAGIC = b"TTSC"
LARGEST_BYTES = 64 * 2**20
"""Of one entry: eleven minutes at 24 kHz, where engines make one at most."""
LARGEST_HEADER_BYTES = 4 * 2**20
HIGHEST_SAMPLE_RATE = 768_000
CHECKSUM_BYTES = 16
FLOATS, INTEGERS = 0, 1
"""Codings of samples: float32 as they are; int16, of which full scale is 32768."""
INT16_FULL_SCALE = np.float32(32768)

_FRONT = struct.Struct("<4sHHIQ")


class Corrupt(ValueError):
    """The bytes are not a whole entry of that key; its message quotes nothing of them."""


def pack(entry: Entry, key: str) -> bytes:
    """The entry as bytes; int16 stands for samples that come out of it to the last bit, as those of espeak do.

    Raises:
        ValueError: it is longer than an entry may be.

    """
    coding, samples = _coded([clip.samples for clip in entry.clips])
    header = json.dumps(_header(entry), separators=(",", ":")).encode("ascii")
    front = _FRONT.pack(MAGIC, FORMAT_VERSION, coding, len(header), len(samples))
    body = b"".join((front, header, samples))
    if len(header) > LARGEST_HEADER_BYTES or len(body) + CHECKSUM_BYTES > LARGEST_BYTES:
        raise ValueError("the utterance is longer than an entry may be")
    return body + _checksum(body, key)


def unpack(data: bytes, key: str) -> Entry:
    """The entry that was packed under `key`, to the last bit.

    Raises:
        Corrupt: it is none.

    """
    coding, header_bytes = _front(data)
    view = memoryview(data)
    if _checksum(view[:-CHECKSUM_BYTES], key) != view[-CHECKSUM_BYTES:]:
        raise Corrupt("an entry's checksum is wrong")
    samples_at = _FRONT.size + header_bytes
    try:
        header = json.loads(data[_FRONT.size : samples_at])
        clips = tuple(_clips(header["clips"], _decoded(coding, view[samples_at:-CHECKSUM_BYTES])))
        verdict = _verdict(header["verdict"])
        return Entry(clips=clips, verdict=verdict, made_at=float(header["made_at"]))
    except (ValidationError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Corrupt("an entry's header does not fit") from error


def _header(entry: Entry) -> Mapping[str, object]:
    clips = [
        {
            "frames": len(clip.samples),
            "sample_rate": clip.sample_rate,
            "words": [[word.text, word.start_sec] for word in clip.words],
        }
        for clip in entry.clips
    ]
    return {"made_at": entry.made_at, "clips": clips, "verdict": asdict(entry.verdict)}


def _front(data: bytes) -> tuple[int, int]:
    """Coding and length of the header; all lengths are those of the data."""
    if not _FRONT.size + CHECKSUM_BYTES <= len(data) <= LARGEST_BYTES:
        raise Corrupt("an entry's length is out of bounds")
    magic, version, coding, header_bytes, samples_bytes = _FRONT.unpack_from(data)
    if magic != MAGIC or version != FORMAT_VERSION or coding not in (FLOATS, INTEGERS):
        raise Corrupt("no entry begins like this")
    if header_bytes > LARGEST_HEADER_BYTES:
        raise Corrupt("an entry's header is too long")
    if _FRONT.size + header_bytes + samples_bytes + CHECKSUM_BYTES != len(data):
        raise Corrupt("an entry's lengths do not add up")
    return coding, header_bytes


def _coded(parts: list[Samples]) -> tuple[int, bytes]:
    samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    if len(samples) and np.abs(samples).max() <= 1:
        integers = np.clip(samples * INT16_FULL_SCALE, -INT16_FULL_SCALE, INT16_FULL_SCALE - 1).astype("<i2")
        if (integers.astype(np.float32) / INT16_FULL_SCALE).tobytes() == samples.tobytes():
            return INTEGERS, integers.tobytes()
    return FLOATS, samples.astype("<f4", copy=False).tobytes()


def _decoded(coding: int, data: memoryview) -> Samples:
    if coding == INTEGERS:
        samples = np.frombuffer(data, dtype="<i2").astype(np.float32) / INT16_FULL_SCALE
    else:
        samples = np.frombuffer(data, dtype="<f4").astype(np.float32)
    samples.setflags(write=False)
    return samples


def _clips(headers: list[Mapping[str, Any]], samples: Samples) -> Iterator[Clip]:
    at = 0
    for header in headers:
        frames, sample_rate = header["frames"], header["sample_rate"]
        if type(frames) is not int or not 0 <= frames <= len(samples) - at:
            raise Corrupt("an entry's clips are longer than its samples")
        if type(sample_rate) is not int or not 0 < sample_rate <= HIGHEST_SAMPLE_RATE:
            raise Corrupt("an entry's sample rate is out of bounds")
        words = tuple(_word(text, start_sec) for text, start_sec in header["words"])
        yield Clip(samples=samples[at : at + frames], sample_rate=sample_rate, words=words)
        at += frames
    if at != len(samples):
        raise Corrupt("an entry's clips are shorter than its samples")


def _word(text: object, start_sec: object) -> Word:
    # Not by pydantic, which refuses the half surrogate pairs that a caller's text may hold.
    if not isinstance(text, str) or not isinstance(start_sec, float | int) or not math.isfinite(start_sec):
        raise Corrupt("an entry's words do not fit")
    return Word(text=text, start_sec=start_sec)


def _verdict(header: object) -> Verdict:
    return TypeAdapter(Verdict).validate_python(header)


def _checksum(body: bytes | memoryview, key: str) -> bytes:
    return hashlib.blake2b(body, digest_size=CHECKSUM_BYTES, key=bytes.fromhex(key)).digest()
