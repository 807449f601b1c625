"""Thousands of joins of real speech, in every voice of the embedded engine's first languages; prints what is heard.

python -m tests.long.seams            # as a recording joins them
python -m tests.long.seams --naive    # put together with nothing done at the seams: this has to fail
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from bench.table import table
from tests.audio.joins import CHOP_DB, CLICK_DB, OFFSET, PAUSES_SEC, SILENT_EDGE_SEC, Join, evenly, joins_of, naive
from tests.audio.rendered import FAULTS, TEXTS, spoken
from worker.audio.clip import Clip
from worker.audio.join import Part, joined
from worker.audio.level import limited
from worker.engines.registry import Engines
from worker.settings import Settings

VOICES = 24
SEED = 1
HEADING = ("fault", "edges", "click dB", "chop dB", "silent s", "offset", "failed")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voices", type=int, default=VOICES)
    parser.add_argument("--naive", action="store_true", help="do nothing at the seams: this has to fail")
    given = parser.parse_args()
    speech = _speech(given.voices)
    rows = [_row(fault, list(_joins(speech, fault, naive if given.naive else joined))) for fault in FAULTS]
    sys.stdout.write(f"{table(HEADING, rows)}\n\n{_cost(speech)}\n")
    return int(any(row[-1] for row in rows))


def _speech(voices: int) -> list[list[Clip]]:
    engine = Engines.load(Settings(engines=("espeak",)))["espeak"]
    return [[spoken(engine, voice, text) for text in TEXTS] for voice in engine.voices[:voices]]


def _joins(
    speech: Sequence[Sequence[Clip]], fault: str, join: Callable[[Iterable[Part]], Iterator[Clip]]
) -> Iterator[Join]:
    random = np.random.default_rng(SEED)
    for clips in speech:
        faulty = [FAULTS[fault](clips[index], random) for index in random.permutation(len(clips))]
        yield from joins_of(list(evenly(faulty)), random.choice(PAUSES_SEC, len(clips)).tolist(), join)


def _row(fault: str, joins: Sequence[Join]) -> tuple[str | float | int, ...]:
    worst = Join(
        click_db=max(join.click_db for join in joins),
        chop_db=max(join.chop_db for join in joins),
        silent_sec=max(join.silent_sec for join in joins),
        offset_step=max(join.offset_step for join in joins),
    )
    failed = sum(
        join.click_db >= CLICK_DB
        or join.chop_db >= CHOP_DB
        or join.silent_sec >= SILENT_EDGE_SEC
        or join.offset_step >= OFFSET
        for join in joins
    )
    return fault, len(joins), worst.click_db, worst.chop_db, float(worst.silent_sec), worst.offset_step, failed


def _cost(speech: Sequence[Sequence[Clip]]) -> str:
    began, audio_sec = time.process_time(), 0.0
    for clips in speech:
        parts = (Part(clip=clip, pause_sec=0.25) for clip in evenly(clips))
        audio_sec += sum(clip.duration_sec for clip in limited(joined(parts)))
    spent_sec = time.process_time() - began
    return f"{60 * spent_sec / audio_sec:.3f} s of processor time for a minute of audio"


if __name__ == "__main__":
    sys.exit(main())
