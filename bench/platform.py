"""What lies between the platform and an engine: this worker beside the stock SDK, on a local control plane.

Every figure of ours is that of `handler.py` in production mode. The rival is a plain handler on the unchanged SDK;
the last column says which.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from bench.contestant import OURS, SLEEPING, STOCK, Contestant, Start, contestant, start
from bench.table import save, table, wants_saving
from bench.workers.sleeping import NAME, TAKE_SEC, VOICE

HEADING = ("measured", "ours", "stock SDK", "stock : ours", "the stock worker")
PACKAGES = ("runpod", "aiohttp", "pydantic", "numpy")

JOBS = 20
JOB = {"text": "hello", "response_format": "wav"}
SLEEP = {"sleep_sec": TAKE_SEC}
HEALTH = {"type": "health"}
SLOTS = 3
"""Those that this worker takes with one lane."""

ROUNDS = 3
STARTS = 5
ECHOES_IN_A_ROW, ECHOES_APART = 12, 8
APART_SEC = 1.2
"""Longer than the stock SDK sleeps after it has found no slot free."""

MINUTE = (
    "The ferry left the harbour at half past seven, with 212 passengers and a crew of nine. Nobody on board knew "
    "that it would be the last crossing of the year. We shall be there by noon, said the captain; the sea was "
    "calm, the sky was clear, and the instruments showed nothing unusual. Two hours later, everything had changed. "
) * 3

WARM_UP_JOBS, SHORT_JOBS = 50, 500
STOCK_SLOTS = 32
"""So that the stock SDK, with its second of sleep per batch, is through within half a minute."""
MEGABYTE = 1_000_000


class Row(NamedTuple):
    """One line of the table."""

    measured: str
    ours: float
    stock: float
    rival: str
    in_proportion: bool = True
    """Whether a ratio says something."""

    def cells(self) -> tuple[str, ...]:
        """As the table has them."""
        ratio = f"{self.stock / self.ours:.1f}" if self.in_proportion else ""
        return (self.measured, _figure(self.ours), _figure(self.stock), ratio, self.rival)


def main() -> None:
    """Measures and prints the table."""
    saving = wants_saving(__doc__)
    parts: Sequence[Callable[[], Iterator[Row]]] = (_throughput, _start, _overhead, _wire, _memory)
    text = table(HEADING, [row.cells() for part in parts for row in part()])
    print(text)
    if saving:
        save("platform", text, PACKAGES)


def _throughput() -> Iterator[Row]:
    """All at once, for those who sleep do not disturb each other."""
    settings = {
        "TTS_ENGINES": NAME,
        "TTS_DEFAULT_VOICE": VOICE,
        "TTS_LANES": "1",
        "TTS_GUARDS": "0",
        "TTS_CACHE_MB": "0",
    }
    with (
        contestant(SLEEPING, **settings) as ours,
        contestant(STOCK, "sleeping") as stock,
        contestant(STOCK, "sleeping_in_turn", "--slots", str(SLOTS)) as with_slots,
    ):
        ours.answered(JOB)
        rivals = [(rival, rival.submit(SLEEP, JOBS)) for rival in (stock, with_slots)]
        ours_sec = statistics.median(_makespan_sec(ours, ours.submit(JOB, JOBS)) for _ in range(ROUNDS))
        stock_sec, with_slots_sec = (_makespan_sec(rival, job_ids) for rival, job_ids in rivals)
    measured = f"{JOBS} jobs of {TAKE_SEC} s on one lane, s"
    yield Row(measured, ours_sec, stock_sec, "def handler, time.sleep")
    yield Row(measured, ours_sec, with_slots_sec, f"async def handler, {SLOTS} slots and a lock")


def _start() -> Iterator[Row]:
    ours: list[Start] = []
    alone: list[Start] = []
    same: list[Start] = []
    for _ in range(STARTS):
        ours.append(start(OURS, given=JOB))
        alone.append(start(STOCK, "sleeping", given=SLEEP))
        same.append(start(STOCK, "speaking", given=JOB))
    poll, rival = "process start to first poll for jobs, s", "def handler, the same service"
    ours_sec = _median_of(ours, "first_poll_sec")
    yield Row(poll, ours_sec, _median_of(alone, "first_poll_sec"), "the SDK alone")
    yield Row(poll, ours_sec, _median_of(same, "first_poll_sec"), rival)
    result = "process start to the result of a one-word job that waits, s"
    yield Row(result, _median_of(ours, "first_result_sec"), _median_of(same, "first_result_sec"), rival)


def _median_of(starts: Sequence[Start], moment: Literal["first_poll_sec", "first_result_sec"]) -> float:
    seconds: list[float] = [getattr(each, moment) for each in starts]
    return statistics.median(seconds)


def _overhead() -> Iterator[Row]:
    apart_ms: tuple[list[float], list[float]] = ([], [])
    with contestant(OURS) as ours, contestant(STOCK, "speaking") as stock:
        for _ in range(ECHOES_APART):
            time.sleep(APART_SEC)
            for each, found_ms in zip((ours, stock), apart_ms, strict=True):
                found_ms.append(_latency_ms(each))
        in_a_row_ms = [[_latency_ms(each) for _ in range(ECHOES_IN_A_ROW)] for each in (ours, stock)]
    rival = "def handler, the same service"
    for measured, (ours_ms, stock_ms) in (
        ("health job to an idle worker, ms", apart_ms),
        ("health jobs, each at once after the last, ms", in_a_row_ms),
    ):
        yield Row(measured, statistics.median(ours_ms), statistics.median(stock_ms), rival)


def _wire() -> Iterator[Row]:
    with contestant(OURS, TTS_FRONTEND="stream") as ours, contestant(STOCK, "streaming") as stock:
        for audio_format in ("pcm", "opus"):
            given = {"text": MINUTE, "response_format": audio_format, "stream": True, "seed": 1}
            measured = f"a minute of speech streamed as {audio_format}, MB sent"
            yield Row(measured, _sent_mb(ours, given), _sent_mb(stock, given), "generator, return_aggregate_stream")


def _memory() -> Iterator[Row]:
    with contestant(OURS) as ours, contestant(STOCK, "speaking", "--slots", str(STOCK_SLOTS)) as stock:
        ours_warm_mb, ours_grown_mb = _memory_mb(ours)
        stock_warm_mb, stock_grown_mb = _memory_mb(stock)
    rival = f"def handler, the same service, {STOCK_SLOTS} slots"
    yield Row(f"RSS after {WARM_UP_JOBS} one-word jobs, MB", ours_warm_mb, stock_warm_mb, rival)
    yield Row(f"RSS growth over {SHORT_JOBS} more, MB", ours_grown_mb, stock_grown_mb, rival, in_proportion=False)


def _memory_mb(worker: Contestant) -> tuple[float, float]:
    """Memory after the warm-up, and what was added to it since."""
    worker.answered(JOB, WARM_UP_JOBS)
    warm_bytes = worker.rss_bytes
    worker.answered(JOB, SHORT_JOBS)
    return warm_bytes / MEGABYTE, (worker.rss_bytes - warm_bytes) / MEGABYTE


def _sent_mb(worker: Contestant, given: object) -> float:
    (job,) = worker.answered(given)
    return worker.sent_bytes(job.id) / MEGABYTE


def _makespan_sec(worker: Contestant, job_ids: Sequence[str]) -> float:
    """Seconds from the first job's arrival to the last result's."""
    jobs = worker.finished(job_ids)
    return max(job.results[-1].at_sec for job in jobs) - min(job.submitted_at_sec for job in jobs)


def _latency_ms(worker: Contestant) -> float:
    """Milliseconds from a job's arrival to its result's."""
    (job,) = worker.answered(HEALTH)
    return 1000 * (job.results[-1].at_sec - job.submitted_at_sec)


def _figure(value: float) -> str:
    """Three digits that count."""
    return f"{float(f'{value:.3g}'):g}"


if __name__ == "__main__":
    main()
