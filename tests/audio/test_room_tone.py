from __future__ import annotations

import numpy as np
import pytest

from tests.audio.signals import noise, tone
from worker.audio.clip import Clip, Samples, concatenate, silence
from worker.audio.room_tone import DEFAULT_DB, FAINTEST_DB, LOUDEST_DB, RoomTone

RATE = 24_000


def level_db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2)))


def speech_over(floor: Clip) -> Clip:
    """Half a second of speech, and half a second of the floor alone."""
    spoken = concatenate((tone(220, 0.5, RATE), silence(0.5, RATE)), RATE)
    return Clip(samples=spoken.samples + floor.samples, sample_rate=RATE)


def hiss(db: float, seed: int = 0) -> Clip:
    return noise(RATE, RATE, level=10 ** (db / 20), seed=seed)


def test_the_same_seed_gives_the_same_room_and_no_two_stretches_of_it_are_alike() -> None:
    rooms = [RoomTone(seed) for seed in (1, 1, 2)]
    first, second, other = ([room.tone(1_000, RATE) for _ in range(2)] for room in rooms)
    assert np.array_equal(first, second)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("db", [-62.0, -70.0, -78.0])
def test_it_is_as_loud_as_the_noise_between_the_words(db: float) -> None:
    room = RoomTone(1)
    for seed in range(5):
        room.hear(speech_over(hiss(db, seed)))
    assert level_db(room.tone(RATE, RATE)) == pytest.approx(db, abs=1.5)


def test_it_has_the_colour_of_the_noise_between_the_words() -> None:
    spectrum = np.fft.rfft(hiss(-60).samples)
    spectrum[np.fft.rfftfreq(RATE, 1 / RATE) > 2_000] = 0
    room = RoomTone(1)
    room.hear(speech_over(Clip(samples=np.fft.irfft(spectrum, RATE).astype(np.float32), sample_rate=RATE)))
    powers = np.abs(np.fft.rfft(room.tone(RATE, RATE))) ** 2
    assert powers[3_000:].sum() < 0.01 * powers[:2_000].sum()


@pytest.mark.parametrize(
    "clip",
    [
        speech_over(silence(1.0, RATE)),
        speech_over(hiss(FAINTEST_DB - 5)),
        speech_over(hiss(LOUDEST_DB + 5)),
        tone(220, 1.0, RATE),
        silence(0.0, RATE),
    ],
)
def test_where_there_is_no_floor_to_follow_it_is_a_quiet_room(clip: Clip) -> None:
    room = RoomTone(1)
    room.hear(clip)
    assert level_db(room.tone(4 * RATE, RATE)) == pytest.approx(DEFAULT_DB, abs=1.5)


@pytest.mark.parametrize("frames", [0, 1, 100, 70 * RATE])
def test_it_is_as_long_as_asked(frames: int) -> None:
    tone_of_room = RoomTone(1).tone(frames, RATE)
    assert tone_of_room.shape == (frames,)
    assert tone_of_room.dtype == np.float32
