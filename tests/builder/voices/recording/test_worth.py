"""What a stretch of a recording is worth, where all but one thing is alike."""

from __future__ import annotations

import numpy as np

from builder.voices.recording.activity import Activity
from builder.voices.recording.worth import SECOND_OF_SILENCE_DB, SECOND_OF_SPEECH_DB, SECOND_TOO_SHORT_DB, Sums

PER_SEC = 50
SECONDS = 40


def worth(
    start_sec: float, end_sec: float, *, silences: tuple[tuple[float, float], ...] = (), floor: float = -60
) -> float:
    """Of a stretch of an even recording with these silences in it, in seconds."""
    speech = np.ones(SECONDS * PER_SEC, dtype=np.bool_)
    for start, end in silences:
        speech[round(start * PER_SEC) : round(end * PER_SEC)] = False
    levels = np.where(speech, -20.0, floor)
    active = Activity(levels_dbfs=levels, floor_dbfs=np.full_like(levels, floor), speech=speech, frame=480)
    sums = Sums.of(active, np.zeros(len(levels)))
    starts, ends = np.array([round(start_sec * PER_SEC)]), np.array([round(end_sec * PER_SEC)])
    return float(sums.worth(starts, ends, min_sec=10, max_sec=15)[0])


def near(value: float, expected: float) -> bool:
    return abs(value - expected) < 0.3  # the second around a pause is a little unsteady


def test_more_speech_is_worth_more_up_to_the_most_that_is_wanted() -> None:
    assert near(worth(2, 15) - worth(2, 12), 3 * SECOND_OF_SPEECH_DB)
    assert near(worth(2, 22) - worth(2, 17), 0)


def test_less_than_the_least_that_is_wanted_costs_more() -> None:
    assert near(worth(2, 12) - worth(2, 10), 2 * (SECOND_OF_SPEECH_DB + SECOND_TOO_SHORT_DB))


def test_a_pause_of_speech_costs_no_more_than_the_speech_it_takes() -> None:
    assert near(worth(2, 14) - worth(2, 14, silences=((5, 5.8),)), 0.8 * SECOND_OF_SPEECH_DB)


def test_a_silence_costs_what_it_is_too_long_by() -> None:
    lost = worth(2, 14) - worth(2, 14, silences=((5, 9),))
    assert near(lost, 4 * SECOND_OF_SPEECH_DB + 3 * SECOND_OF_SILENCE_DB)


def test_noise_costs_what_is_heard_of_it() -> None:
    assert near(worth(2, 14, floor=-50) - worth(2, 14, floor=-40), 10)
    assert near(worth(2, 14, floor=-90) - worth(2, 14, floor=-70), 0)
