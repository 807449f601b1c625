"""A book through the long-text job, beside the engine alone: what the way around it costs, and whether memory grows.

"engine" renders the same utterances and drops them; "sound" judges, trims, levels, joins and encodes them besides, as
any recording is; "job" is the whole: reading, parts, captions, manifest and delivery. Its last column is what the job
adds to "sound", of the time of the engine: the engine that speaks fastest makes it look worst. Seconds are those of the
processor, which other processes do not lengthen.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from bench.plot import Plot
from bench.table import RESULTS, save, table, wants_saving
from worker.audio.encode import encode_file
from worker.errors import WorkerFault
from worker.jobs.book import book_of
from worker.jobs.context import Job, Worker
from worker.jobs.long_text import plan_of
from worker.jobs.plan import Plan
from worker.jobs.speech import Heard, speech
from worker.reply import LongTextReply
from worker.request import LongTextRequest
from worker.service import Service
from worker.settings import Settings

PARAGRAPH = (
    "The ferry left the harbour at half past seven, with 212 passengers and a crew of nine. Nobody on board knew "
    'that it would be the last crossing of the year. "We shall be there by noon," said the captain; the sea was '
    "calm, the sky was clear, and the instruments showed nothing unusual. Two hours later, everything had changed."
)
CHAPTER_CHARS = 5_000
LENGTHS = (5_000, 20_000, 80_000, 500_000)
SAMPLES_PER_SEC = 10
MEBIBYTE = 2**20

HEADING = ("characters", "audio s", "engine s", "sound s", "job s", "the job's own, of the engine's", "peak RSS MiB")
PACKAGES = ("espeakng-loader", "soundfile", "numpy", "scipy")


def main() -> None:
    """Measures and prints the table."""
    saving = wants_saving(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        worker = Worker.load(Settings(volume_dir=Path(folder), cache_mb=0))
        _measured(worker, 1_000)  # what is imported late and loaded once
        rows, watches = zip(*(_measured(worker, chars) for chars in LENGTHS), strict=True)
        worker.close()
    text = table(HEADING, rows)
    print(text)
    if saving:
        print(save("long_text", text, PACKAGES))
        print(_drawn(watches[-1]))


def _drawn(watch: Watch) -> Path:
    plot = Plot(
        title=f"Memory of the process while a book of {LENGTHS[-1]:,} characters is spoken",
        across="seconds",
        up="RSS, MiB",
        points=[(moment, rss / MEBIBYTE) for moment, rss in watch.samples],
    )
    return plot.write(RESULTS / "long_text.svg")


def _measured(worker: Worker, chars: int) -> tuple[tuple[object, ...], Watch]:
    text = _book(chars)
    request = LongTextRequest(
        type="long_text",
        text=text,
        document_kind="markdown",
        seed=1,
        response_format="wav",
        split="chapter",
        captions="srt",
        delivery="volume",
    )
    plan = plan_of(request, book_of(request, worker.fetcher, limit_mb=1), Job(id="bench"), worker)
    engine_sec = _timed(lambda: _rendered(plan, worker))
    sound_sec = _timed(lambda: _recorded(plan, worker))
    watch = Watch()
    began = time.process_time()
    reply = Service(worker).run(Job(id="bench"), request.model_dump(exclude_defaults=True) | {"type": "long_text"})
    job_sec = time.process_time() - began
    if not isinstance(reply, LongTextReply):
        raise WorkerFault(f"the job failed: {reply}")
    own = f"{(job_sec - sound_sec) / engine_sec:+.1%}"
    peak = max(rss for _, rss in watch.ended()) // MEBIBYTE
    return (len(text), reply.duration_sec, engine_sec, sound_sec, job_sec, own, peak), watch


def _book(chars: int) -> str:
    chapter = "\n\n".join([PARAGRAPH] * (CHAPTER_CHARS // len(PARAGRAPH)))
    return "\n\n".join(f"# Chapter {number}\n\n{chapter}" for number in range(1, max(2, chars // CHAPTER_CHARS) + 1))


def _rendered(plan: Plan, worker: Worker) -> None:
    for utterance in plan.script():
        for _ in worker.engines.submit(utterance):
            pass


def _recorded(plan: Plan, worker: Worker) -> None:
    clips = speech(plan, Job(id="bench"), worker, heard=Heard())
    encode_file(clips, plan.format_name, sample_rate=plan.sample_rate, into=_Nowhere())


class _Nowhere:
    """A file that keeps nothing."""

    def seek(self, offset: int, /) -> int:
        """Moves nowhere."""
        return offset

    def write(self, data: bytes, /) -> int:
        """Forgets all of `data`."""
        return len(data)


def _timed(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


class Watch:
    """The memory that the process has resident, over time."""

    def __init__(self) -> None:
        self.samples: list[tuple[float, int]] = []
        """Seconds since it began, and bytes."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def ended(self) -> list[tuple[float, int]]:
        """Stops watching; all that was seen."""
        self._ended.set()
        self._thread.join()
        return self.samples

    def _watch(self) -> None:
        process, began = psutil.Process(), time.monotonic()
        while not self._ended.wait(1 / SAMPLES_PER_SEC):
            self.samples.append((time.monotonic() - began, process.memory_info().rss))


if __name__ == "__main__":
    main()
