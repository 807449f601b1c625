"""Chatterbox: our engine beside upstream's own `generate`, on the same random weights of full size.

Every utterance is made of the same number of speech tokens, in both. Upstream speaks one after the other; ours are
submitted together. What is measured is all between a text and a finished waveform, watermark included.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import statistics
import time
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.table import save, table
from builder.random_checkpoint import write
from tests.engines.chatterbox.whole.upstream import Upstream
from worker.engines.base import Utterance
from worker.engines.chatterbox.engine import Chatterbox
from worker.engines.chatterbox.member import MEMBERS, Member
from worker.engines.chatterbox.model import Model
from worker.settings import Settings

TEXT = "The ferry left the harbour at half past seven."
TOKENS = 50
"""Two seconds of audio."""
AUDIO_SEC = TOKENS / 25
SIDE_BY_SIDE = (1, 4, 16)
RUNS = 3
HEADING = ("member", "device", "utterances", "upstream: s", "ours: s", "upstream : ours", "ours: audio s per s")
PACKAGES = ("torch", "chatterbox-tts", "transformers")


def main() -> None:
    """Measures and prints the table."""
    given = _arguments()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    rows = []
    for name in given.members:
        with TemporaryDirectory() as folder:
            write(MEMBERS[name], Path(folder), endless=True)
            rows += _rows(MEMBERS[name], Path(folder), given.device)
    text = table(HEADING, rows)
    print(text)
    if given.save:
        save(given.name, text, PACKAGES)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", nargs="+", choices=MEMBERS, default=["nano"], help="those to measure")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--save", action="store_true", help="also write the table to bench/results/")
    parser.add_argument("--name", default="chatterbox", help="of the page that --save writes")
    return parser.parse_args()


def _rows(member: Member, folder: Path, device: str) -> list[tuple[object, ...]]:
    theirs = _theirs(member, folder, device)
    ours = _ours(member, folder, device)
    return [
        (
            member.name,
            device,
            count,
            theirs[count],
            ours[count],
            theirs[count] / ours[count],
            count * AUDIO_SEC / ours[count],
        )
        for count in SIDE_BY_SIDE
    ]


def _theirs(member: Member, folder: Path, device: str) -> dict[int, float]:
    upstream = Upstream(member, folder, tokens=TOKENS, device=device)

    def speak(count: int) -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            for seed in range(count):
                upstream.says(TEXT, seed)

    return _timed(speak)


def _ours(member: Member, folder: Path, device: str) -> dict[int, float]:
    settings = Settings(models_dir=folder, batch_size=max(SIDE_BY_SIDE), device=device)
    model = Model.load(member, settings)
    with closing(Chatterbox(model, batch_size=settings.batch_size, limit=lambda _: TOKENS)) as engine:

        def speak(count: int) -> None:
            for take in [engine.submit(_utterance(engine, seed)) for seed in range(count)]:
                list(take)

        return _timed(speak)


def _utterance(engine: Chatterbox, seed: int) -> Utterance:
    return Utterance(
        index=0,
        text=TEXT,
        start=0,
        end=len(TEXT),
        engine=engine.name,
        voice=next(iter(engine.voices)),
        language="en",
        seed=seed,
    )


def _timed(speak: Callable[[int], None]) -> dict[int, float]:
    """Seconds that so many utterances take: the median of some runs where one is short, of a single one for many."""
    speak(1)
    return {
        count: statistics.median(_seconds(speak, count) for _ in range(RUNS if count == 1 else 1))
        for count in SIDE_BY_SIDE
    }


def _seconds(speak: Callable[[int], None], count: int) -> float:
    began = time.perf_counter()
    speak(count)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
