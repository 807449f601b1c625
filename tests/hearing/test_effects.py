"""Each effect of a request changes what it is named after, as far as it says, and nothing else."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from tests.conftest import Caller
from tests.hearing.acoustics import formant_shift_semitones, lufs, peak_db, rt60_sec, speech_sec, true_peak_db
from tests.hearing.studio import (
    CEILING_DB,
    FORMANT_SEMITONES,
    LOUDNESS_LU,
    PACE,
    SEMITONES,
    SILENCE_DB,
    STEP_DB,
    Studio,
    semitones,
)
from voice_library.voice import Effects
from worker.audio.pitch import pitch_hz

NARRATOR = Effects(pitch_semitones=-1, speed=0.9, volume_db=1, reverb=0.15)
"""What the profile `creole-narrator` does."""
FASTEST_PACE = 0.12
"""At the ends of its range espeak-ng does not keep to its nominal rate."""
HALL_LU = 1.0
"""A hall keeps the energy of all frequencies together, and those of a voice ring on in it the longest."""
RT60_SEC = 0.1
"""The voice itself takes some time to fall silent."""


@pytest.fixture(scope="module")
def studio(ask: Caller) -> Studio:
    return Studio(ask)


@pytest.mark.parametrize("wanted", [-5, 3])
def test_a_pitch_shift_takes_the_formants_along(studio: Studio, wanted: int) -> None:
    shifted = studio(effects={"pitch_semitones": wanted})
    assert formant_shift_semitones(studio().clip, shifted.clip) == pytest.approx(wanted, abs=FORMANT_SEMITONES)


def test_an_engine_that_raises_its_own_pitch_leaves_the_formants_where_they_are(studio: Studio) -> None:
    raised = studio(options={"pitch": 80})
    assert semitones(raised.pitch_hz, studio().pitch_hz) > 5
    assert abs(formant_shift_semitones(studio().clip, raised.clip)) < 1.5


@pytest.mark.parametrize(
    "changed",
    [{"pitch_semitones": 4.0}, {"speed": 1.2}, {"volume_db": -6.0}, {"reverb": 0.0}],
    ids=lambda each: next(iter(each)),
)
def test_an_effect_of_a_request_replaces_that_one_of_the_profile(studio: Studio, changed: dict[str, float]) -> None:
    mixed = asdict(NARRATOR) | changed
    heard = studio("creole-narrator", effects=changed).clip.samples
    assert np.array_equal(heard, studio(effects=mixed).clip.samples)
    assert not np.array_equal(heard, studio("creole-narrator").clip.samples)


def test_the_speed_of_a_request_and_of_its_effects_multiply(studio: Studio) -> None:
    both = studio(speed=0.5, effects={"speed": 1.9})
    assert np.array_equal(both.clip.samples, studio(speed=0.95).clip.samples)


@pytest.mark.parametrize("speed", [0.5, 0.9, 0.95, 1.25, 2.0])
def test_speed_changes_neither_pitch_nor_formants_nor_loudness(studio: Studio, speed: float) -> None:
    one, man = studio(effects={"speed": speed}), studio()
    assert speech_sec(man.clip) / speech_sec(one.clip) == pytest.approx(speed, rel=2 * PACE)
    assert semitones(one.pitch_hz, man.pitch_hz) == pytest.approx(0, abs=SEMITONES)
    assert formant_shift_semitones(man.clip, one.clip) == pytest.approx(0, abs=FORMANT_SEMITONES)
    assert lufs(one.clip) == pytest.approx(lufs(man.clip), abs=LOUDNESS_LU)


@pytest.mark.parametrize("wanted", [-12, 12])
def test_an_octave_changes_the_pitch_alone(studio: Studio, wanted: int) -> None:
    one, man = studio(effects={"pitch_semitones": wanted}), studio()
    assert len(one.clip.samples) == len(man.clip.samples)
    assert lufs(one.clip) == pytest.approx(lufs(man.clip), abs=LOUDNESS_LU)
    # Played twice as fast, an octave below a man is where the tracker hears.
    fast = replace(one.clip, sample_rate=2 * one.clip.sample_rate) if wanted < 0 else one.clip
    heard_hz = float(np.nanmedian(pitch_hz(fast))) / (fast.sample_rate / one.clip.sample_rate)
    assert semitones(heard_hz, man.pitch_hz) == pytest.approx(wanted, abs=SEMITONES)


@pytest.mark.parametrize("volume_db", [-40, -12, 1, 20])
def test_volume_is_over_or_under_the_common_loudness_as_far_as_the_limiter_lets_it(
    studio: Studio, volume_db: float
) -> None:
    one, man = studio(effects={"volume_db": volume_db}), studio()
    louder = lufs(one.clip) - lufs(man.clip)
    if volume_db <= 1:
        assert louder == pytest.approx(volume_db, abs=LOUDNESS_LU)
    else:
        assert 6 < louder < volume_db
    assert len(one.clip.samples) == len(man.clip.samples)
    assert peak_db(one.clip) <= CEILING_DB + STEP_DB
    assert true_peak_db(one.clip) < 0


@pytest.mark.parametrize(("amount", "tolerance_lu"), [(0.05, LOUDNESS_LU), (0.3, LOUDNESS_LU), (1.0, HALL_LU)])
def test_a_room_takes_nothing_of_the_loudness_and_rings_longer_the_larger_it_is(
    studio: Studio, amount: float, tolerance_lu: float
) -> None:
    one, man = studio(effects={"reverb": amount}), studio()
    rate = one.clip.sample_rate
    assert lufs(one.clip) == pytest.approx(lufs(man.clip), abs=tolerance_lu)
    assert one.reply.utterances[-1].end_sec == man.reply.utterances[-1].end_sec
    assert rt60_sec(one.tail, rate) == pytest.approx(0.4 + 0.8 * amount, abs=RT60_SEC)
    assert one.last_db < SILENCE_DB


@pytest.mark.parametrize("speed", [0.25, 4.0])
@pytest.mark.parametrize(("pitch", "volume_db"), [(-12, 20), (12, -40)])
def test_every_effect_at_its_end_at_once_is_finite_unclipped_and_as_long_as_expected(
    studio: Studio, speed: float, pitch: int, volume_db: int
) -> None:
    effects = {"pitch_semitones": pitch, "speed": speed, "volume_db": volume_db, "reverb": 1}
    one = studio(effects=effects)
    assert np.isfinite(one.clip.samples).all()
    assert peak_db(one.clip) <= CEILING_DB + STEP_DB
    spoken_sec, usual_sec = (
        sum(each.end_sec - each.start_sec for each in reply.utterances) for reply in (one.reply, studio().reply)
    )
    assert usual_sec / spoken_sec == pytest.approx(speed, rel=FASTEST_PACE)
    assert one.reply.duration_sec == pytest.approx(one.reply.utterances[-1].end_sec + 1.215, abs=0.01)
    assert lufs(one.clip) > (-60 if volume_db < 0 else -19)
