"""A start, watched from outside: its process is begun, and what it says of its phases is noted."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from worker.engines.chatterbox.member import Member

PHASES = ("interpreter", "imports", "checkpoint", "ready", "first audio", "utterance")
WITHIN_SEC = 900.0
"""Longest that a start may take."""
LONGEST_REASON = 600
"""Letters of what a start that failed has said last."""
MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How long each phase took, in seconds, and the most memory that was in use up to its end, in MiB if known."""

    took_sec: Mapping[str, float]
    peak_mib: Mapping[str, float | None]

    def reached_sec(self, phase: str) -> float:
        """From the beginning of the process to the end of `phase`."""
        return sum(self.took_sec[name] for name in PHASES[: PHASES.index(phase) + 1])

    @classmethod
    def median(cls, starts: Sequence[Start]) -> Start:
        """Phase by phase."""
        return cls(
            took_sec={name: statistics.median(start.took_sec[name] for start in starts) for name in PHASES},
            peak_mib={name: _middle([start.peak_mib[name] for start in starts]) for name in PHASES},
        )


def _middle(figures: Sequence[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return statistics.median(known) if known else None


def started(
    side: Literal["ours", "theirs"], member: Member, folder: Path, *options: str, path: Sequence[Path] = ()
) -> Start:
    """A start of the member of the checkpoint in `folder`; `path` are folders that Python looks into first.

    Raises:
        RuntimeError: it failed; says what it said last.

    """
    command = [sys.executable, "-m", "bench.starting", side, "--member", member.name, "--models", str(folder), *options]
    python_path = os.pathsep.join([*map(str, path), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)
    environment = {**os.environ, "PYTHONPATH": python_path, "HF_HUB_OFFLINE": "1"}
    began_sec = time.monotonic()
    done = subprocess.run(
        command,
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_SEC,
    )
    if done.returncode:
        raise RuntimeError(f"{side}, {member.name}: its process failed: {done.stderr[-LONGEST_REASON:].strip()}")
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"phase"')]
    moments = [began_sec, *(line["at_sec"] for line in said)]
    return Start(
        took_sec={line["phase"]: after - before for line, (before, after) in zip(said, pairwise(moments), strict=True)},
        peak_mib={
            line["phase"]: None if line["peak_bytes"] is None else line["peak_bytes"] / MEBIBYTE for line in said
        },
    )
