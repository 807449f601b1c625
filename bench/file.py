"""Text to file through the whole path, per format, beside what one would do without the worker.

The rival is the shortest script with the same library and encoder: espeak-ng once over the whole text, its samples
written in one go. It neither levels nor splits nor normalises, so it says what the worker's care costs.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import espeakng_loader
import numpy as np
import soundfile

from bench.table import save, table, wants_saving
from worker.audio.formats import FORMATS, nearest_rate
from worker.engines.espeak.library import EspeakLibrary
from worker.jobs.context import Job, Worker
from worker.reply import SpeechReply
from worker.service import Service
from worker.settings import Settings

PARAGRAPH = (
    "The ferry left the harbour at half past seven, with 212 passengers and a crew of nine. Nobody on board knew "
    'that it would be the last crossing of the year. "We shall be there by noon," said the captain; the sea was '
    "calm, the sky was clear, and the instruments showed nothing unusual. Two hours later, everything had changed."
)
TEXT = "\n\n".join([PARAGRAPH] * 4)
RUNS = 3

HEADING = (
    "format",
    "Hz",
    "audio s",
    "worker: s per minute",
    "of it encoding",
    "espeak-ng + soundfile: s per minute",
)
PACKAGES = ("espeakng-loader", "soundfile", "numpy", "scipy", "soxr")

Result = TypeVar("Result")


def main() -> None:
    """Measures and prints the table."""
    saving = wants_saving(__doc__)
    service = Service(Worker.load(Settings(cache_mb=0)))
    rows = []
    for name in FORMATS:
        rate = nearest_rate(name, 22_050)
        reply, ours_sec = _timed(partial(_ours, service, name))
        minutes = reply.duration_sec / 60
        _, bare_sec = _timed(partial(_bare, name, rate))
        rows.append(
            (name, rate, reply.duration_sec, ours_sec / minutes, reply.metrics.encode_sec / minutes, bare_sec / minutes)
        )
    text = table(HEADING, rows)
    print(text)
    if saving:
        save("file", text, PACKAGES)


def _ours(service: Service, name: str) -> SpeechReply:
    request = {
        "text": TEXT,
        "voice": "sarah",
        "response_format": name,
        "seed": 1,
        "sample_rate": nearest_rate(name, 22_050),
    }
    reply = service.run(Job(id="sync-bench"), request)
    if not isinstance(reply, SpeechReply):
        raise SystemExit(reply.model_dump_json())
    return reply


def _bare(name: str, rate: int) -> None:
    library = EspeakLibrary(Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path()))
    speech = library.speak(TEXT, "gmw/en-us+f2", {}, seed=1, cancelled=lambda: False)
    if name == "pcm":
        (speech.samples * 32767).astype("<i2").tobytes()
        return
    target = FORMATS[name]
    with soundfile.SoundFile(
        io.BytesIO(), "w", samplerate=rate, channels=1, format=target.container or "WAV", subtype=target.codec
    ) as file:
        for block in np.array_split(speech.samples, 200):
            file.write(block)


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """What `work` gave and the median of its seconds."""
    result, times = work(), []
    for _ in range(RUNS):
        began = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - began)
    return result, statistics.median(times)


if __name__ == "__main__":
    main()
