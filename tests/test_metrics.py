from __future__ import annotations

import time
from collections.abc import Iterator

from worker.metrics import Stopwatch, Tally


def slow(count: int) -> Iterator[int]:
    for number in range(count):
        time.sleep(0.01)
        yield number


def test_a_phase_counts_the_time_its_items_took_and_not_what_the_reader_did() -> None:
    stopwatch = Stopwatch()
    for _ in stopwatch.timed("synth", slow(3)):
        time.sleep(0.02)
    assert 0.03 <= stopwatch.spent_sec("synth") < stopwatch.elapsed_sec - 0.05


def test_first_audio_is_marked_once() -> None:
    stopwatch = Stopwatch()
    items = stopwatch.mark_first_audio(iter("abc"))
    assert stopwatch.first_audio_sec is None
    next(items)
    first = stopwatch.first_audio_sec
    assert first is not None
    list(items)
    assert stopwatch.first_audio_sec == first


def test_a_tally_counts_outcomes_and_ranks_durations() -> None:
    tally = Tally()
    assert tally.percentile_sec(0.5) is None
    for number in range(100):
        tally.count("ok" if number else "empty_text", duration_sec=number, audio_sec=2.0)
    assert tally.outcomes == {"ok": 99, "empty_text": 1}
    assert tally.audio_sec == 200
    assert tally.percentile_sec(0.5) == 50
    assert tally.percentile_sec(0.95) == 95
