"""Repetition: the same stretch twice, or a loop, in the sound or in its tokens, unless the text repeats."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.audio.clip import Clip
from worker.engines.base import Utterance, Verdict
from worker.guards.calibration import pace, spoken_sec
from worker.guards.check import Finding, share
from worker.guards.frames import longest_run
from worker.guards.spectrum import RANGE_DB, SPECTRUM_HOP_SEC, SpectrumArray, band_levels_db

QUIET_DB = 40.0
"""Under the loudest band; frames all of whose bands are quieter are silence, which repeats nothing."""

SMOOTHED_FRAMES = 7
"""A tenth of a second: one frame may differ, as where the window cuts a plosive."""
SMOOTHING = np.full(SMOOTHED_FRAMES, 1 / SMOOTHED_FRAMES, dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedSound:
    """A stretch that sounds like the one before it: a phrase said twice, a syllable that loops."""

    name: str = "repeated_sound"
    alike_db: float = 5.0
    """Root mean square of the difference of the bands over SMOOTHED_FRAMES; a copy is nearer, other words are not."""
    shortest_lag_sec: float = 0.1
    longest_lag_sec: float = 8.0
    """Longer phrases that come again make the whole too long."""
    unremarkable_sec: float = 0.65
    """A long vowel is like itself for as long, at normal speed."""
    slack: float = 2.0
    """A repeated part of the text may take as many times its usual length."""

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:  # noqa: ARG002 - text and sound
        """How long the longest repetition is, beside what the text repeats."""
        if not utterance.text:
            return None
        repeated_sec = self.repeated_sec(clip)
        unremarkable_sec = self.unremarkable_sec / min(pace(utterance), 1.0)
        if repeated_sec <= unremarkable_sec:
            return None
        allowed_sec = unremarkable_sec + self.slack * repeated_text_sec(utterance)
        if repeated_sec <= allowed_sec:
            return None
        return Finding(
            name=self.name,
            severity=share(0.4 + (repeated_sec - allowed_sec) / 4),
            detail={"repeated_sec": repeated_sec, "allowed_sec": allowed_sec},
        )

    def repeated_sec(self, clip: Clip) -> float:
        """Seconds of sound, silence left out, of the longest stretch that is like an earlier one."""
        levels_db = band_levels_db(clip)
        loud = levels_db.max(axis=1) > levels_db.max() - min(QUIET_DB, RANGE_DB)
        longest = 0
        first, last = round(self.shortest_lag_sec / SPECTRUM_HOP_SEC), round(self.longest_lag_sec / SPECTRUM_HOP_SEC)
        for lag in range(first, min(last, len(levels_db) - 1) + 1):
            if len(levels_db) - lag > longest:
                longest = max(longest, self._alike(levels_db, loud, lag))
        return longest * SPECTRUM_HOP_SEC

    def _alike(self, levels_db: SpectrumArray, loud: NDArray[np.bool_], lag: int) -> int:
        """Loud frames in the longest stretch that is like what came `lag` frames before."""
        gap = levels_db[lag:] - levels_db[:-lag]
        distance = np.einsum("fb,fb->f", gap, gap) / gap.shape[1]
        if len(distance) > SMOOTHED_FRAMES:
            distance = np.convolve(distance, SMOOTHING, mode="same")
        alike = distance < self.alike_db**2
        start, length = longest_run(alike)
        return int(np.count_nonzero(loud[lag + start : lag + start + length]))


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedTokens:
    """The same speech tokens in the same order again, or one of them on and on."""

    name: str = "repeated_tokens"
    longest_period_sec: float = 4.0
    unremarkable_sec: float = 0.8
    """Tokens are drawn: speech that is said again never has as many alike in a row."""
    silence_period: int = 4
    """Tokens; silence draws from a few, and so has loops as short as this."""
    silence_sec: float = 2.0
    """Longest silence that is not a fault by itself."""

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:
        """How long the longest loop is."""
        if not verdict.speech_tokens or not clip.duration_sec:
            return None
        tokens = np.asarray(verdict.speech_tokens)
        per_sec = len(tokens) / clip.duration_sec
        text_sec = repeated_text_sec(utterance)
        is_new = self._is_new(tokens)
        for period in range(1, min(round(self.longest_period_sec * per_sec), len(tokens) - 1) + 1):
            start, run = longest_run(tokens[period:] == tokens[:-period])
            limit_sec = self.silence_sec
            if period > self.silence_period:
                run = int(np.count_nonzero(is_new[period + start : period + start + run]))
                limit_sec = self.unremarkable_sec + text_sec
            if run / per_sec > limit_sec:
                detail = {"period_tokens": float(period), "repeated_sec": run / per_sec, "allowed_sec": limit_sec}
                return Finding(name=self.name, severity=share(0.4 + (run / per_sec - limit_sec) / 4), detail=detail)
        return None

    def _is_new(self, tokens: NDArray[np.int_]) -> NDArray[np.bool_]:
        """Which tokens are not among the few before them, as those of a silence are, bool [n]."""
        is_new = np.ones(len(tokens), dtype=bool)
        for period in range(1, min(self.silence_period, len(tokens) - 1) + 1):
            is_new[period:] &= tokens[period:] != tokens[:-period]
        return is_new


def repeated_text_sec(utterance: Utterance) -> float:
    """How long it usually takes to say the longest stretch of the text that occurs in it again; they may overlap."""
    said = [character for character in utterance.text if _is_said(character)]
    if not said:
        return 0.0
    codes = np.array([ord(character.lower()[0]) for character in said])
    start, length = 0, 0
    for lag in range(1, len(codes)):
        if len(codes) - lag <= length:
            break
        begins, run = longest_run(codes[lag:] == codes[:-lag])
        if run > length:
            start, length = lag + begins, run
    _, repeated_sec = spoken_sec("".join(said[start : start + length]), utterance.language)
    return repeated_sec / pace(utterance)


def _is_said(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMNS"
