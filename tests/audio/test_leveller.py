from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audio.signals import noise, with_words
from worker.audio.clip import Clip, silence
from worker.audio.level import MAX_GAIN_DB, loudness_lufs
from worker.audio.leveller import MAX_STEP_DB, Leveller

RATE = 8_000
TARGET_LUFS = -20.0
WORD_SEC, SENTENCE_SEC = 0.25, 1.5
LOUDNESS_TOLERANCE_LU = 0.1
"""EBU Tech 3341 allows a meter ±0.1 LU."""


def said(duration_sec: float, level_db: float, seed: int = 0) -> Clip:
    return noise(round(duration_sec * RATE), RATE, level=10 ** (level_db / 20), seed=seed)


def gains_db(clips: Iterable[Clip], leveller: Leveller | None = None, *, key: str = "voice") -> list[float]:
    leveller = leveller or Leveller(TARGET_LUFS)
    return [
        20 * math.log10(leveller.levelled(clip, key=key).samples[7] / clip.samples[7])  # any sample that is not 0
        for clip in clips
    ]


utterances = st.lists(
    st.tuples(st.sampled_from((0.05, WORD_SEC, 0.7, SENTENCE_SEC)), st.floats(-60, 0)), min_size=1, max_size=8
)


def test_sentences_of_any_loudness_reach_the_target() -> None:
    leveller = Leveller(TARGET_LUFS)
    for level_db in (-30, -33, -28, -33, -30):
        after = leveller.levelled(said(SENTENCE_SEC, level_db))
        assert loudness_lufs(after) == pytest.approx(TARGET_LUFS, abs=LOUDNESS_TOLERANCE_LU)


@pytest.mark.parametrize("word_db", [-35, -27, -25])
def test_a_word_louder_or_softer_than_its_speaker_stays_so(word_db: float) -> None:
    first, second, word, last = gains_db(
        [said(SENTENCE_SEC, -30), said(SENTENCE_SEC, -30), said(WORD_SEC, word_db), said(SENTENCE_SEC, -30)]
    )
    assert word == pytest.approx(second, abs=0.5)
    assert last == pytest.approx(first, abs=0.1)


def test_a_word_far_from_its_speaker_is_brought_nearer() -> None:
    _, sentence, word = gains_db([said(SENTENCE_SEC, -30), said(SENTENCE_SEC, -30), said(WORD_SEC, -20)])
    assert sentence - word == pytest.approx(4.3, abs=0.5)


@pytest.mark.parametrize(("waver_db", "least", "most"), [(0, 0.0, 0.7), (4, 2.0, 6.0)])
def test_where_sentences_waver_a_word_s_own_loudness_counts_for_more(waver_db: int, least: float, most: float) -> None:
    sentences = [said(SENTENCE_SEC, -30 + waver_db * (-1) ** number) for number in range(8)]
    after_loud, after_soft = (gains_db([*sentences, said(WORD_SEC, word_db)])[-1] for word_db in (-28, -33))
    assert least <= after_soft - after_loud <= most


def test_a_whisper_stays_one_though_it_lasts() -> None:
    spoken, *whispered = gains_db([said(SENTENCE_SEC, -25), *(said(SENTENCE_SEC, -45, seed) for seed in range(4))])
    assert max(whispered) < spoken + 20 - MAX_STEP_DB
    assert whispered[0] == pytest.approx(spoken + MAX_STEP_DB, abs=0.01)


@settings(deadline=None, max_examples=30)
@given(said_so=utterances)
def test_gains_of_neighbours_never_differ_by_more_than_a_step(said_so: list[tuple[float, float]]) -> None:
    gains = gains_db(said(*each) for each in said_so)
    rounding_db = 0.001
    assert all(abs(second - first) <= MAX_STEP_DB + rounding_db for first, second in pairwise(gains))
    assert max(map(abs, gains)) <= MAX_GAIN_DB + rounding_db


@settings(deadline=None, max_examples=15)
@given(said_so=utterances, others=utterances)
def test_a_voice_is_levelled_alike_whoever_speaks_between_and_whatever_follows(
    said_so: list[tuple[float, float]], others: list[tuple[float, float]]
) -> None:
    alone = gains_db(said(*each) for each in said_so)
    leveller, among = Leveller(TARGET_LUFS), []
    for number, each in enumerate(said_so):
        among += gains_db([said(*each)], leveller)
        gains_db([said(*others[number % len(others)])], leveller, key="another voice")
    assert among == alone


def test_a_single_utterance_is_at_the_target_however_short() -> None:
    for duration_sec in (0.1, WORD_SEC, SENTENCE_SEC):
        after = Leveller(TARGET_LUFS).levelled(said(duration_sec, -30))
        assert loudness_lufs(after) == pytest.approx(TARGET_LUFS, abs=LOUDNESS_TOLERANCE_LU)


def test_silence_and_nothing_come_back_as_they_are_and_are_forgotten() -> None:
    leveller = Leveller(TARGET_LUFS)
    before = gains_db([said(SENTENCE_SEC, -30)], leveller)
    for clip in (silence(1.0, RATE), silence(0.0, RATE), noise(RATE, RATE, level=1e-5)):
        assert leveller.levelled(clip, key="voice") is clip
    assert gains_db([said(SENTENCE_SEC, -30)], leveller) == before


def test_levelling_keeps_words_and_type() -> None:
    clip = with_words(said(SENTENCE_SEC, -30))
    after = Leveller(TARGET_LUFS).levelled(replace(clip, samples=clip.samples))
    assert after.words == clip.words
    assert after.samples.dtype == np.float32
