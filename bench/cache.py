"""An utterance from the cache, by tier, beside rendering it anew with espeak-ng, the fastest engine there is.

"From memory" and "from the folder" are the whole way through the cache, with the key; the folder is one of this
machine, its files in the page cache. "Kept" is what a caller waits for beyond the rendering when nothing is found.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.table import save, table, wants_saving
from worker.audio.clip import Clip
from worker.cache.cache import Cache
from worker.cache.entry import Entry
from worker.cache.key import key_of
from worker.cache.load import cache_of
from worker.cache.packed import pack
from worker.engines.base import LazyTake, Submit, Take, Utterance, Verdict
from worker.engines.registry import Engines
from worker.settings import Settings
from worker.takes.cached import cached

SENTENCE = "The ferry left the harbour at half past seven, with two hundred passengers and a crew of nine. "
LENGTHS = (1, 3, 10)
"""Sentences per utterance."""
RUNS = 25
SAMPLE_RATE = 24_000

HEADING = (
    "utterance",
    "audio s",
    "rendered ms",
    "rendered and kept ms",
    "from memory ms",
    "from the folder ms",
    "kB per second of audio",
)
PACKAGES = ("espeakng-loader", "numpy", "cachetools")


def main() -> None:
    """Measures and prints the table."""
    saving = wants_saving(__doc__)
    engines = Engines.load(Settings())
    espeak = engines["espeak"]
    cases: list[tuple[str, Utterance, Submit]] = []
    for sentences in LENGTHS:
        utterance = Utterance(
            index=0, text=SENTENCE * sentences, start=0, end=0, engine="espeak", voice=espeak.voices[0], language="en"
        )
        cases.append((f"espeak, {len(utterance.text)} characters", utterance, espeak.submit))
    cases.append(("24 kHz float32, as a neural engine's", replace(cases[-1][1], engine="noise"), _noise))
    with tempfile.TemporaryDirectory() as folder:
        rows = [_row(name, utterance, submit, Path(folder)) for name, utterance, submit in cases]
    text = table(HEADING, rows)
    print(text)
    if saving:
        save("cache", text, PACKAGES)


def _row(name: str, utterance: Utterance, submit: Submit, folder: Path) -> tuple[object, ...]:
    take = submit(utterance)
    entry = Entry(clips=tuple(take), verdict=take.verdict, made_at=0.0)
    audio_sec = sum(clip.duration_sec for clip in entry.clips)
    memory, disk = cache_of(Settings()), cache_of(Settings(cache_mb=0, cache_dir=folder))
    try:
        list(_through(memory, submit)(utterance))
        list(_through(disk, submit)(utterance))
        disk.settle(within_sec=10)
        figures = (
            _median_ms(lambda run: list(submit(replace(utterance, seed=run)))),
            _median_ms(lambda run: list(_through(memory, submit)(replace(utterance, seed=run + 1)))),
            _median_ms(lambda _: list(_through(memory, submit)(utterance))),
            _median_ms(lambda _: list(_through(disk, submit)(utterance))),
        )
        if disk.figures.hits < RUNS:
            raise SystemExit("the folder did not have what was kept in it")
    finally:
        memory.close()
        disk.close()
    return name, audio_sec, *figures, len(pack(entry, key_of(utterance, ""))) / 1000 / audio_sec


def _through(cache: Cache, submit: Submit) -> Submit:
    return cached(submit, cache, lambda _: "1")


def _noise(utterance: Utterance) -> Take:
    """Half a minute in no time."""
    samples = np.random.default_rng(1).uniform(-1, 1, 30 * SAMPLE_RATE).astype(np.float32)
    clip = Clip(samples=samples, sample_rate=SAMPLE_RATE)
    return LazyTake(Verdict(seed=utterance.seed, engine=utterance.engine), lambda _: [clip])


def _median_ms(work: Callable[[int], object]) -> float:
    times = []
    for run in range(RUNS):
        began = time.perf_counter()
        work(run)
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


if __name__ == "__main__":
    main()
