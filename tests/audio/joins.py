"""A recording of real speech, and what can be heard at its joins."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tests.audio.seams import chop_db, click_at, offset_step, silent_edges_sec, speech_rms
from worker.audio.clip import Clip, Samples, concatenate
from worker.audio.join import Part, joined
from worker.audio.level import limited
from worker.audio.leveller import Leveller
from worker.audio.offset import centred
from worker.audio.trim import trim

TARGET_LUFS = -19.0
PAUSES_SEC = (0.0, 0.1, 0.25, 0.6)

CLICK_DB = 6.0
"""A join is less than twice as sharp as the sounds it joins: two at once, at equal power, are 3 dB louder."""
CHOP_DB = -15.0
"""The last 5 ms before a silence are at least this much under speech, even where a vowel is cut off."""
SILENT_EDGE_SEC = 0.1
"""Longest silence at an edge of a clip: what is kept, and a soft consonant that the meter takes for silence."""
OFFSET = 0.02
"""Largest jump of the mean; that of 50 ms of a low voice itself comes near it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """One edge of one clip in a recording."""

    click_db: float
    chop_db: float
    """−∞ where no silence follows."""
    silent_sec: float
    offset_step: float
    """0 where no silence is beside it."""


def evenly(clips: Iterable[Clip]) -> Iterator[Clip]:
    """The clips as a recording has them."""
    leveller = Leveller(TARGET_LUFS)
    for clip in clips:
        yield leveller.levelled(trim(centred(clip)))


def naive(parts: Iterable[Part]) -> Iterator[Clip]:
    """Joined with nothing done at the seams."""
    for part in parts:
        yield Clip(samples=np.pad(part.clip.samples, (0, part.pause_frames)), sample_rate=part.clip.sample_rate)


def joins_of(
    clips: Sequence[Clip], pauses_sec: Sequence[float], join: Callable[[Iterable[Part]], Iterator[Clip]] = joined
) -> Iterator[Join]:
    """Both edges of every clip in the recording that `join` makes of them."""
    parts = [Part(clip=clip, pause_sec=pause_sec) for clip, pause_sec in zip(clips, pauses_sec, strict=True)]
    sample_rate = clips[0].sample_rate
    recording = concatenate(limited(join(parts)), sample_rate).samples
    start = 0
    for index, part in enumerate(parts):
        before = _beside(parts, index - 1, index - 1)
        after = _beside(parts, index + 1, index)
        yield from _edges(recording, part, start, before, after)
        start += part.frames


def _beside(parts: Sequence[Part], index: int, before_pause: int) -> Samples:
    """The clip of a neighbour; empty where there is none, or silence between."""
    if not 0 <= index < len(parts) or parts[before_pause].pause_frames:
        return np.zeros(0, dtype=np.float32)
    return parts[index].clip.samples


def _edges(recording: Samples, part: Part, start: int, before: Samples, after: Samples) -> Iterator[Join]:
    sample_rate, samples = part.clip.sample_rate, part.clip.samples
    end = start + len(samples)
    silent_before, silent_after = silent_edges_sec(part.clip)
    yield Join(
        click_db=click_at(recording, start, sample_rate, before=before, after=samples).worst_db,
        chop_db=-math.inf,
        silent_sec=silent_before,
        offset_step=0.0 if len(before) else offset_step(recording, start, sample_rate),
    )
    paused = part.pause_frames > 0
    yield Join(
        click_db=click_at(recording, end, sample_rate, before=samples, after=after).worst_db,
        chop_db=chop_db(recording[start:end], speech_rms(part.clip), sample_rate) if paused else -math.inf,
        silent_sec=silent_after,
        offset_step=offset_step(recording, end, sample_rate) if paused else 0.0,
    )
