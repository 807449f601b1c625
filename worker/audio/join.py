"""Joining: clips one after another, with exact pauses and no clicks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from worker.audio.clip import Clip, Samples, moved
from worker.audio.continuation import continued
from worker.audio.fades import CROSS_SEC, LONGEST_SEC, fade_in_frames, fade_out_frames, rising, smooth
from worker.audio.room_tone import RoomTone

_NOTHING: Samples = np.zeros(0, dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A clip and the silence around it."""

    clip: Clip
    lead_sec: float = 0.0
    pause_sec: float = 0.0
    fades_in: bool = True
    """False where the clip goes on from the one before it, as when an engine streams one utterance."""
    fades_out: bool = True
    """False where the next clip goes on from this one."""

    @property
    def lead_frames(self) -> int:
        """The silence before it, rounded to the sample."""
        return round(self.lead_sec * self.clip.sample_rate)

    @property
    def pause_frames(self) -> int:
        """The silence after it, rounded to the sample."""
        return round(self.pause_sec * self.clip.sample_rate)

    @property
    def frames(self) -> int:
        """What it takes of the recording."""
        return self.lead_frames + len(self.clip.samples) + self.pause_frames


def joined(parts: Iterable[Part], *, room_tone: RoomTone | None = None) -> Iterator[Clip]:
    """A clip per part: its silences, rounded to the sample, around its clip, whose edges fade where it is not silent.

    Where no silence is between two parts, the first rings on under the start of the second, and they cross-fade; so
    nothing is shortened, and the length of the whole is the sum of `Part.frames`. For that, a clip that ends in sound
    and has no pause is held back by its last LONGEST_SEC, which come with the next clip, or as one more at the end.
    With a `room_tone`, silences are filled with it.

    Raises:
        ValueError: the parts do not share one sample rate.
    """
    joiner: _Joiner | None = None
    for part in parts:
        if joiner is None:
            joiner = _Joiner(part.clip.sample_rate, room_tone)
        elif part.clip.sample_rate != joiner.sample_rate:
            raise ValueError(f"a clip of {part.clip.sample_rate} Hz among clips of {joiner.sample_rate} Hz")
        yield joiner.clip_of(part)
    if joiner is not None and len(rest := joiner.rest()):
        yield Clip(samples=rest, sample_rate=joiner.sample_rate)


class _Joiner:
    """What of the parts so far is not given out yet, or sounds on under what comes next."""

    def __init__(self, sample_rate: int, room_tone: RoomTone | None) -> None:
        self.sample_rate = sample_rate
        self._room_tone = room_tone
        self._reach = round(LONGEST_SEC * sample_rate)
        self._held = _NOTHING
        """The last samples of a clip that no silence follows, not faded yet."""
        self._fade_frames = 0
        """How they are to fade, should nothing follow."""
        self._under = _NOTHING
        """Room tone past the end of a silence, not faded yet."""

    def clip_of(self, part: Part) -> Clip:
        """The next clip out."""
        if self._room_tone is not None:
            self._room_tone.hear(part.clip)
        samples = part.clip.samples.copy()
        if part.fades_in and not part.lead_frames and len(self._held) and len(samples):
            head = self._crossed(samples)
        else:
            head = np.concatenate((self.rest(), self._lead(part.lead_frames)))
            if part.fades_in:
                self._begin(samples)
        self._under = _NOTHING
        pause = self._end(part, samples)
        kept = len(samples) - len(self._held)
        words = moved(part.clip.words, len(head) / self.sample_rate)
        return replace(part.clip, samples=np.concatenate((head, samples[:kept], pause)), words=words)

    def rest(self) -> Samples:
        """What was held back, if nothing is to follow it at once."""
        held, self._held = self._held, _NOTHING
        if len(held):
            held[len(held) - self._fade_frames :] *= smooth(self._fade_frames)[::-1]
        return held

    def _crossed(self, samples: Samples) -> Samples:
        """Lets what was held ring on under the start of `samples`, which changes; returns what was held."""
        held, self._held = self._held, _NOTHING
        frames = min(round(CROSS_SEC * self.sample_rate), len(samples))
        _cross(samples[:frames], continued(held, frames))
        return held

    def _lead(self, frames: int) -> Samples:
        if self._room_tone is None:
            return np.zeros(frames, dtype=np.float32)
        if not frames:
            return _NOTHING
        tone = self._room_tone.tone(frames + self._reach, self.sample_rate)
        _cross(tone[: self._reach], self._under[: len(tone)])
        self._under = tone[frames:]
        return tone[:frames]

    def _begin(self, samples: Samples) -> None:
        """Fades the start of `samples` in."""
        frames = fade_in_frames(samples, self.sample_rate)
        if not len(self._under):
            samples[:frames] *= smooth(frames)
            return
        frames = frames or min(self._reach, len(samples) // 4)
        _cross(samples[:frames], self._under[:frames])

    def _end(self, part: Part, samples: Samples) -> Samples:
        """Fades the end of `samples` out, or holds it back; returns the silence after it."""
        self._fade_frames = fade_out_frames(samples, self.sample_rate) if part.fades_out else 0
        if not part.pause_frames:
            if self._fade_frames:
                self._held = samples[max(0, len(samples) - self._reach) :]
            return _NOTHING
        if self._room_tone is None:
            samples[len(samples) - self._fade_frames :] *= smooth(self._fade_frames)[::-1]
            return np.zeros(part.pause_frames, dtype=np.float32)
        return self._tone_after(part, samples, self._room_tone)

    def _tone_after(self, part: Part, samples: Samples, room_tone: RoomTone) -> Samples:
        frames = 0
        if part.fades_out:
            frames = self._fade_frames or min(self._reach, len(samples) // 2)
        tone = room_tone.tone(frames + part.pause_frames + self._reach, self.sample_rate)
        edge = samples[len(samples) - frames :]
        edge[:] = edge * rising(frames)[::-1] + tone[:frames] * rising(frames)
        self._under = tone[frames + part.pause_frames :]
        return tone[frames : frames + part.pause_frames]


def _cross(into: Samples, under: Samples) -> None:
    """Changes `into` so that it rises over `under`, which falls, at equal power; without `under`, out of silence."""
    frames = len(into)
    if not len(under):
        into *= smooth(frames)
        return
    into *= rising(frames)
    into += under[:frames] * rising(frames)[::-1]
