"""The Haitian Creole profiles sound as they are described: measured on what a caller gets."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import Caller, fresh
from tests.hearing.acoustics import (
    formant_shift_semitones,
    harmonic_pitch_hz,
    lufs,
    peak_db,
    rt60_sec,
    speech_sec,
    true_peak_db,
)
from tests.hearing.recogniser import DIGITS, heard_digits, word_accuracy
from tests.hearing.studio import (
    CEILING_DB,
    FORMANT_SEMITONES,
    LOUDNESS_LU,
    MAN,
    PACE,
    SEMITONES,
    SILENCE_DB,
    STEP_DB,
    Studio,
    rendering,
    semitones,
)
from tests.hearing.test_heard import CLEAR_VOICE
from voice_library.library import VoiceLibrary
from voice_library.shelf import Shelf
from voice_library.voice import Effects, Voice
from worker.jobs.context import Worker
from worker.service import Service

DESCRIBED: Mapping[str, Effects] = {
    "creole-male-deep": Effects(pitch_semitones=-2, speed=0.95),
    "creole-female-sim": Effects(pitch_semitones=3),
    "creole-narrator": Effects(pitch_semitones=-1, speed=0.9, volume_db=1, reverb=0.15),
}
"""What each profile does to the man's voice; written out here so that the catalogue cannot drift from it unheard."""
WOMEN = ("sarah", "lea", "anna")
ROUNDING = 23
"""Frames: a reply tells times in milliseconds."""
SMALL_ROOM_SEC = (0.2, 0.8)
UNDERSTOOD = 0.8
"""Share of what is understood of the voice as it is; the recogniser's model was trained on people as they are."""


@pytest.fixture(scope="module")
def studio(ask: Caller) -> Studio:
    return Studio(ask)


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_profile_is_as_much_higher_or_lower_than_the_man_as_it_says(studio: Studio, name: str) -> None:
    wanted = DESCRIBED[name].pitch_semitones
    one, man = studio(name), studio()
    assert semitones(one.pitch_hz, man.pitch_hz) == pytest.approx(wanted, abs=SEMITONES)
    by_harmonics = semitones(harmonic_pitch_hz(one.clip), harmonic_pitch_hz(man.clip))
    assert by_harmonics == pytest.approx(wanted, abs=SEMITONES)
    assert semitones(one.pitch_hz, harmonic_pitch_hz(one.clip)) == pytest.approx(0, abs=SEMITONES)


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_profile_speaks_as_fast_as_it_says(studio: Studio, name: str) -> None:
    dry = studio(name, effects={"reverb": 0})  # a room rings on in the pauses
    pace = speech_sec(studio().clip) / speech_sec(dry.clip)
    assert pace == pytest.approx(DESCRIBED[name].speed, rel=PACE)


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_profile_is_as_loud_as_it_says_room_included(studio: Studio, name: str) -> None:
    louder = lufs(studio(name).clip) - lufs(studio().clip)
    assert louder == pytest.approx(DESCRIBED[name].volume_db, abs=LOUDNESS_LU)


@pytest.mark.parametrize("name", [MAN, *DESCRIBED])
def test_no_profile_is_clipped(studio: Studio, name: str) -> None:
    assert peak_db(studio(name).clip) <= CEILING_DB + STEP_DB
    assert true_peak_db(studio(name).clip) < 0


@pytest.mark.parametrize("name", [MAN, "creole-male-deep", "creole-female-sim"])
def test_without_a_room_the_recording_stops_with_the_voice(studio: Studio, name: str) -> None:
    one = studio(name)
    assert len(one.tail) / one.clip.sample_rate < 0.001
    first, second = one.reply.utterances
    start, end = (round(at_sec * one.clip.sample_rate) for at_sec in (first.end_sec, second.start_sec))
    assert not one.clip.samples[start + ROUNDING : end - ROUNDING].any()


def test_the_narrator_is_in_a_small_room_which_falls_silent_before_the_recording_ends(studio: Studio) -> None:
    one = studio("creole-narrator")
    rate = one.clip.sample_rate
    shortest, longest = SMALL_ROOM_SEC
    assert shortest < rt60_sec(one.tail, rate) < longest
    assert one.last_db < SILENCE_DB
    assert peak_db(replace(one.clip, samples=one.tail[: rate // 10])) > SILENCE_DB + 30


def test_the_simulated_woman_has_higher_formants_than_the_man_and_a_lower_pitch_than_every_woman(
    studio: Studio,
) -> None:
    one, man = studio("creole-female-sim"), studio()
    assert formant_shift_semitones(man.clip, one.clip) == pytest.approx(3, abs=FORMANT_SEMITONES)
    assert man.pitch_hz < one.pitch_hz
    assert all(one.pitch_hz < studio.voice(name).pitch_hz for name in WOMEN)


def test_effects_of_a_request_are_those_of_a_profile_to_the_sample(studio: Studio) -> None:
    for name, effects in DESCRIBED.items():
        assert np.array_equal(studio(name).clip.samples, studio(effects=asdict(effects)).clip.samples)


def test_digits_spoken_with_the_effects_of_each_profile_are_still_understood(worker: Worker, tmp_path: Path) -> None:
    clear = Voice(**CLEAR_VOICE)
    library = VoiceLibrary(voices=(clear,), profiles=())
    ask = Caller(Service(replace(fresh(worker), shelf=Shelf(library))))
    words = random.Random(2).choices(DIGITS, k=32)
    text = ". ".join(" ".join(words[at : at + 8]) for at in range(0, 32, 8)) + "."

    def accuracy(effects: Effects) -> float:
        reply = ask(text=text, voice="clear", response_format="wav", seed=1, effects=asdict(effects))
        clip = rendering(reply).clip
        soundfile.write(tmp_path / "said.wav", clip.samples, clip.sample_rate)
        return word_accuracy(words, heard_digits(tmp_path / "said.wav", tmp_path))

    dry = accuracy(Effects())
    assert dry >= 0.85
    for effects in DESCRIBED.values():
        assert accuracy(effects) >= UNDERSTOOD * dry
