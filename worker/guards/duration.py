"""Faults of length: too short or too long for the text, silent for too long inside."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from worker.audio.clip import Clip
from worker.engines.base import Utterance, Verdict
from worker.guards.calibration import bounds, pace, word_gap_sec
from worker.guards.check import Finding, share
from worker.guards.frames import HOP_SEC, framed, longest_run

INSIDE_WORDS = "'’-‐"
"""Marks at which nobody pauses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TooShort:
    """Less sound than the text needs: its end, or something in it, was left out."""

    name: str = "too_short"

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:  # noqa: ARG002 - text and sound
        """How much is missing of the shortest that the text can be."""
        spoken_sec, shortest_sec = framed(clip).speech_sec, bounds(utterance).shortest_sec
        if spoken_sec >= shortest_sec:
            return None
        severity = share(0.3 + (shortest_sec - spoken_sec) / shortest_sec)
        return Finding(
            name=self.name, severity=severity, detail={"spoken_sec": spoken_sec, "shortest_sec": shortest_sec}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLong:
    """More sound than the text can be: something was said that is not in it."""

    name: str = "too_long"

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:  # noqa: ARG002 - text and sound
        """How far over the longest that the text can be it is."""
        spoken_sec, longest_sec = framed(clip).speech_sec, bounds(utterance).longest_sec
        if spoken_sec <= longest_sec:
            return None
        severity = share(0.3 + (spoken_sec - longest_sec) / longest_sec)
        return Finding(name=self.name, severity=severity, detail={"spoken_sec": spoken_sec, "longest_sec": longest_sec})


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerSilence:
    """A silence inside that nothing in the text asks for."""

    name: str = "inner_silence"
    longest_sec: float = 0.9
    """Between two words, at normal speed."""
    longest_at_punctuation_sec: float = 1.8
    """Where the text has punctuation inside; a reader's pause between sentences is about a second."""

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:  # noqa: ARG002 - text and sound
        """How much longer than allowed the longest one is; a recording that is said again has its own."""
        if not utterance.text:
            return None
        silent_sec = longest_silence_sec(clip)
        punctuated = any(_is_pause(character) for character in utterance.text[:-1])
        allowed_sec = self.longest_at_punctuation_sec if punctuated else self.longest_sec
        allowed_sec = allowed_sec / min(pace(utterance), 1.0) + word_gap_sec(utterance)
        if silent_sec <= allowed_sec:
            return None
        severity = share(0.3 + (silent_sec - allowed_sec) / 5)
        return Finding(name=self.name, severity=severity, detail={"silent_sec": silent_sec, "allowed_sec": allowed_sec})


def longest_silence_sec(clip: Clip) -> float:
    """The longest silence between two sounds."""
    frames = framed(clip)
    _, length = longest_run(~frames.sounding[frames.span])
    return length * HOP_SEC


def _is_pause(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS" and character not in INSIDE_WORDS
