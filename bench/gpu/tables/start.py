"""From the start of a process to the first audio, phase by phase, with a checkpoint drawn here."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from bench.gpu.record import Row
from bench.gpu.setup import Setup

HEADING = (
    *("member", "checkpoint", "precision", "interpreter s", "imports s", "checkpoint s", "engine ready s"),
    *("first audio s", "to first audio s", "to end of utterance s", "MiB when ready", "MiB in the end"),
)
WHOLE, PROCESS = "bench.gpu.whole", "bench.starting.process"
PHASES = ("interpreter", "imports", "checkpoint", "ready", "first audio")
TOKENS, SMALL_TOKENS = 50, 5
RUNS = 3
LEAN, PUBLISHED = ("lean", "balanced"), ("published", "balanced")


def rows(setup: Setup) -> Iterator[Row | str]:
    """Medians of processes of their own, after one that has the files read; or why there is none of it."""
    try:
        whole, process = (importlib.import_module(name) for name in (WHOLE, PROCESS))
    except ImportError as error:
        yield f"the engine cannot be imported here: {error}"
        return
    yield "files in the page cache; memory is the process's on the host, not the device's"
    with whole.watermark() as path:
        for member in setup.members:
            with whole.checkpoint(member, setup) as folder:
                for kind, precision in (LEAN, PUBLISHED):
                    tokens = SMALL_TOKENS if setup.small else TOKENS
                    options = ("--device", str(setup.device), "--precision", precision, "--tokens", str(tokens))
                    starts = [
                        process.started("ours", member, folder / kind, *options, path=path)
                        for _ in range(1 if setup.small else 1 + RUNS)
                    ]
                    median = process.Start.median(starts[1:] or starts)
                    yield {"member": member.name, "checkpoint": kind, "precision": precision, **_cells(median)}


def _cells(start: Any) -> Row:
    named = ("interpreter s", "imports s", "checkpoint s", "engine ready s", "first audio s")
    return {
        **{cell: start.took_sec[phase] for cell, phase in zip(named, PHASES, strict=True)},
        "to first audio s": start.reached_sec("first audio"),
        "to end of utterance s": start.reached_sec("utterance"),
        "MiB when ready": start.peak_mib["ready"],
        "MiB in the end": start.peak_mib["utterance"],
    }
