"""The leveller: utterances as loud as each other, though one of them is a single word and another a whisper."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass

from worker.audio.clip import Clip
from worker.audio.level import MAX_GAIN_DB, amplified, loudness_lufs

MAX_STEP_DB = 6.0
"""Most that the gain of a voice moves from one utterance to the next, and away from its usual gain.

Engines waver by less from one utterance to the next; a whisper is softer by more, and has to stay one.
"""
SHORTEST_TRUSTED_SEC, TRUSTED_SEC = 0.4, 1.2
"""From where on a measured loudness counts, and from where on it counts in full.

One word is louder or softer than its speaker. Measured on 24 voices of espeak-ng, the loudness of an utterance lies
around its voice's by a standard deviation of 1.8 LU under 0.6 s, 1.1 LU at 0.7 s and 0.5 LU from 1.2 s on.
"""
SHORT_SLACK_DB = 6.0
"""By how much a word may differ from its speaker; what is beyond is the engine's doing, and is evened out."""
MEMORY = 8.0
"""How many utterances of full length a voice's usual gain is the mean of."""
FIRST_TRUST = 0.1
"""A short utterance says little about its voice, but more than nothing."""
WORD_SPREAD_DB = 1.8
"""The standard deviation above: where an engine's level wavers by more, even a word's own loudness says more."""
FIRST_SPREAD_DB = 0.5
"""How much an engine is taken to waver before it is known."""


@dataclass(slots=True)
class _Voice:
    usual_db: float
    """Mean of its gains."""
    variance: float
    """Mean square, in dB², by which the gain that an utterance needed by itself was off the usual one."""
    weight: float
    """Utterances of full length that the two are the mean of."""
    last_db: float


class Leveller:
    """Brings the utterances of one recording to one loudness, in order; what it did depends on nothing else."""

    def __init__(self, target_lufs: float) -> None:
        self._target_lufs = target_lufs
        self._voices: dict[Hashable, _Voice] = {}

    def levelled(self, clip: Clip, *, key: Hashable = None) -> Clip:
        """The clip at the target, as far as it can be told how loud its voice is; silence as it is.

        `key` is whom to compare it with: clips of one voice, as one engine speaks it, share a key. The gain is within
        ±MAX_GAIN_DB. Peaks may pass full scale: `limited` is the stage that follows.
        """
        return amplified(clip, self.gain_db(clip, key=key))

    def gain_db(self, clip: Clip, *, key: Hashable = None) -> float:
        """What `levelled` amplifies the clip by; 0 for silence."""
        loudness = loudness_lufs(clip)
        if not math.isfinite(loudness):
            return 0.0
        own_db = _within(self._target_lufs - loudness, 0.0, MAX_GAIN_DB)
        trust = _trust(clip.duration_sec)
        voice = self._voices.get(key)
        if voice is None:
            first = _Voice(usual_db=own_db, variance=FIRST_SPREAD_DB**2, weight=0.0, last_db=own_db)
            voice = self._voices[key] = first
        gain_db = _gain_db(own_db, trust, voice)
        _note(voice, own_db, gain_db, max(trust, FIRST_TRUST))
        return gain_db


def _gain_db(own_db: float, trust: float, voice: _Voice) -> float:
    share = max(trust, voice.variance / (voice.variance + WORD_SPREAD_DB**2))
    deviation = own_db - voice.usual_db
    beyond = deviation - _within(deviation, 0.0, SHORT_SLACK_DB)
    wanted = voice.usual_db + share * deviation + (1.0 - share) * beyond
    return _within(_within(wanted, voice.usual_db, MAX_STEP_DB), voice.last_db, MAX_STEP_DB)


def _note(voice: _Voice, own_db: float, gain_db: float, trust: float) -> None:
    share = trust / (voice.weight + trust) if voice.weight else 1.0
    if voice.weight:
        off = _within(own_db - voice.usual_db, 0.0, MAX_STEP_DB)
        voice.variance += trust * share * (off**2 - voice.variance)
    voice.usual_db += share * (gain_db - voice.usual_db)
    voice.last_db = gain_db
    voice.weight = min(voice.weight + trust, MEMORY - 1.0)


def _trust(duration_sec: float) -> float:
    return min(max((duration_sec - SHORTEST_TRUSTED_SEC) / (TRUSTED_SEC - SHORTEST_TRUSTED_SEC), 0.0), 1.0)


def _within(value: float, middle: float, reach: float) -> float:
    return min(max(value, middle - reach), middle + reach)
