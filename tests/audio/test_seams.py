from __future__ import annotations

import numpy as np
import pytest

from tests.audio.joins import CHOP_DB, CLICK_DB, OFFSET, PAUSES_SEC, SILENT_EDGE_SEC, evenly, joins_of, naive
from tests.audio.rendered import FAULTS, TEXTS, cut_at_both_ends, spoken
from worker.audio.clip import Clip
from worker.audio.level import loudness_lufs
from worker.audio.leveller import MAX_STEP_DB, TRUSTED_SEC
from worker.jobs.context import Worker

VOICES = ("espeak-en-us", "espeak-de", "espeak-fr")


@pytest.fixture(scope="module")
def speech(worker: Worker) -> dict[str, list[Clip]]:
    engine = worker.engines["espeak"]
    voices = [voice for voice in engine.voices if voice.id in VOICES]
    return {voice.id: [spoken(engine, voice, text) for text in TEXTS] for voice in voices}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_join_of_real_speech_is_heard_whatever_is_wrong_with_it(fault: str, speech: dict[str, list[Clip]]) -> None:
    random = np.random.default_rng(1)
    joins = []
    for clips in speech.values():
        faulty = [FAULTS[fault](clip, random) for clip in clips]
        joins += joins_of(list(evenly(faulty)), random.choice(PAUSES_SEC, len(clips)).tolist())
    assert len(joins) == len(VOICES) * 2 * len(TEXTS)
    assert max(join.click_db for join in joins) < CLICK_DB
    assert max(join.chop_db for join in joins) < CHOP_DB
    assert max(join.silent_sec for join in joins) < SILENT_EDGE_SEC
    assert max(join.offset_step for join in joins) < OFFSET


def test_the_same_bounds_catch_clips_that_are_only_put_together(speech: dict[str, list[Clip]]) -> None:
    random = np.random.default_rng(1)
    cut = [cut_at_both_ends(clip, random) for clip in speech["espeak-en-us"]]
    joins = list(joins_of(cut, [0.1] * len(cut), naive))
    assert sum(join.click_db > CLICK_DB for join in joins) > len(joins) / 5
    assert max(join.chop_db for join in joins) > CHOP_DB


def test_real_sentences_are_level_and_words_among_them_as_their_speaker_says_them(
    speech: dict[str, list[Clip]],
) -> None:
    for clips in speech.values():
        evened = list(evenly(clips))
        gains = [_gain_db(clip, after) for clip, after in zip(clips, evened, strict=True)]
        sentences = [loudness_lufs(clip) for clip in evened[1:] if clip.duration_sec > TRUSTED_SEC]
        assert max(sentences) - min(sentences) < 1.0
        # The first word has nothing before it to go by.
        assert max(gains[1:]) - min(gains[1:]) < MAX_STEP_DB / 2


def _gain_db(before: Clip, after: Clip) -> float:
    return float(20 * np.log10(np.abs(after.samples).max() / np.abs(before.samples).max()))
