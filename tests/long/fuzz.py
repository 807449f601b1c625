"""Hundreds of thousands of made-up requests and damaged audio and voice files, each in a process that may die of it.

`python -m tests.long.fuzz --minutes 5` tries all of them, `… audio --seed 7 --case 12345` repeats one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from tqdm import tqdm

from tests.audio import damaged_audio
from tests.test_fuzz import ERRORS_OF_A_CALLER, inputs
from tests.voice_library import test_embedding_file_fuzz as damaged_voice
from voice_library.embedding_file import voice_to_bytes
from voice_library.library import VoiceLibrary
from worker.jobs.context import Job, Worker
from worker.reply import ErrorReply
from worker.service import Service
from worker.settings import Settings

ROOT = Path(__file__).parents[2]
SEED = 20_261_120
MINUTES = 30.0
REQUESTS_PER_CASE = 100
"""Hypothesis draws them together, so they are repeated together."""
MAX_CPU_SEC = 2.0
"""Of one damaged file."""
MAX_GROWTH_BYTES = 64 * 2**20
MOST_VIOLATIONS = 20
"""Then a target has failed and is left."""

Attempt = Callable[[int, int], None]
"""Tries one case of a seed; whatever it raises is a violation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    cases: int
    units_per_case: int
    unit: str
    attempt: Callable[[], Attempt]
    """Makes ready what a process needs for its cases."""


def requests() -> Attempt:
    service = Service(Worker.load(Settings(engines=("espeak", "tone"), cache_mb=0)))

    def attempt(seed: int, case: int) -> None:
        @seeded(f"{seed}/{case}")
        @settings(
            max_examples=REQUESTS_PER_CASE,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(inputs())
        def check(made_up: object) -> None:
            reply = service.run(Job(id="fuzz"), made_up)
            json.dumps(reply.model_dump(mode="json", exclude_none=True), allow_nan=False).encode()
            if isinstance(reply, ErrorReply) and (
                reply.error.code not in ERRORS_OF_A_CALLER or not reply.error.message
            ):
                raise ValueError(f"answered with {reply.error.code}")

        check()

    return attempt


def audio() -> Attempt:
    files = damaged_audio.seeds()

    def attempt(seed: int, case: int) -> None:
        _measured(lambda: damaged_audio.outcome(damaged_audio.damaged(files, seed, case)))

    return attempt


def voices() -> Attempt:
    library = VoiceLibrary.load(Settings().voices_dir)
    files = [voice_to_bytes(voice) for voice in library.voices]

    def attempt(seed: int, case: int) -> None:
        chance = random.Random(f"{seed}/{case}")
        data = bytearray(chance.choice(files))
        for mutate in chance.choices(damaged_voice.MUTATIONS, k=1):
            mutate(data, chance)
        _measured(lambda: damaged_voice.outcome(bytes(data)))

    return attempt


TARGETS: Mapping[str, Target] = {
    "requests": Target(cases=1_000, units_per_case=REQUESTS_PER_CASE, unit="request", attempt=requests),
    "audio": Target(cases=300_000, units_per_case=1, unit="file", attempt=audio),
    "voices": Target(cases=100_000, units_per_case=1, unit="file", attempt=voices),
}


def _measured(work: Callable[[], object]) -> None:
    began = time.process_time()
    work()
    took_sec = time.process_time() - began
    if took_sec > MAX_CPU_SEC:
        raise TimeoutError(f"{took_sec:.1f} s of work")


def child(name: str, seed: int, first: int, last: int, step: int) -> None:
    """Says each case before it tries it, so that the last one said is the one that ended the process."""
    attempt = TARGETS[name].attempt()
    attempt(seed, first)
    before_bytes = psutil.Process().memory_info().rss
    for case in range(first, last, step):
        sys.stdout.write(f"{case}\n")
        sys.stdout.flush()
        try:
            attempt(seed, case)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            sys.stdout.write(f"! {type(error).__name__}: {' '.join(str(error).split())[:300]}\n")
    grown_bytes = psutil.Process().memory_info().rss - before_bytes
    if name != "requests" and grown_bytes > MAX_GROWTH_BYTES:
        sys.stdout.write(f"! memory grew by {grown_bytes >> 20} MiB\n")


@dataclass(slots=True, kw_only=True)
class Hunt:
    """One target, tried in as many processes as there are cores."""

    name: str
    seed: int
    deadline_sec: float
    """On the monotonic clock."""
    bar: tqdm[None]
    units: int = 0
    violations: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        width = os.cpu_count() or 1
        lanes = [threading.Thread(target=self._lane, args=(first, width)) for first in range(width)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()

    def _lane(self, first: int, step: int) -> None:
        """Every `step`-th case from `first`; after a process has died, on with the case behind."""
        while first < TARGETS[self.name].cases and not self._is_over:
            arguments = [self.name, "--seed", str(self.seed), "--child", str(first), str(step)]
            command = [sys.executable, "-m", "tests.long.fuzz", *arguments]
            with subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            ) as process:
                watch = threading.Timer(max(0.0, self.deadline_sec - time.monotonic()), process.kill)
                watch.start()
                assert process.stdout is not None
                case = self._read(process.stdout, first)
                status = process.wait()
                watch.cancel()
            if status == 0 or self._is_over:
                return
            self._blame(case, f"the process ended with {status}")
            first = case + step

    def _read(self, lines: IO[str], case: int) -> int:
        """The last case that was begun."""
        for line in lines:
            if line.startswith("! "):
                self._blame(case, line[2:].strip())
                continue
            case, target = int(line), TARGETS[self.name]
            with self._lock:
                self.units += target.units_per_case
                self.bar.update(target.units_per_case)
        return case

    def _blame(self, case: int, what: str) -> None:
        with self._lock:
            self.violations.append(
                f"{what}\n    again: python -m tests.long.fuzz {self.name} --seed {self.seed} --case {case}"
            )

    @property
    def _is_over(self) -> bool:
        return time.monotonic() >= self.deadline_sec or len(self.violations) >= MOST_VIOLATIONS


def hunt(names: list[str], *, seed: int, minutes: float) -> list[Hunt]:
    """Each target in turn; what one does not need of its time is left to the next."""
    ends_sec, hunts = time.monotonic() + 60 * minutes, []
    for position, name in enumerate(names):
        target, now = TARGETS[name], time.monotonic()
        share_sec = (ends_sec - now) / (len(names) - position)
        with tqdm(
            total=target.cases * target.units_per_case, unit=f" {target.unit}", desc=name, mininterval=1, disable=None
        ) as bar:
            hunts.append(Hunt(name=name, seed=seed, deadline_sec=now + share_sec, bar=bar))
            hunts[-1].run()
    return hunts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="target", help=f"of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--case", type=int, help="this one alone, in this process")
    parser.add_argument("--child", type=int, nargs=2, metavar=("FIRST", "STEP"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    names = given.targets or list(TARGETS)
    if unknown := set(names) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    if given.child:
        first, step = given.child
        child(names[0], given.seed, first, TARGETS[names[0]].cases, step)
        return 0
    if given.case is not None:
        TARGETS[names[0]].attempt()(given.seed, given.case)
        return 0
    hunts = hunt(names, seed=given.seed, minutes=given.minutes)
    for one in hunts:
        sys.stdout.write(
            f"| {one.name:8} | {one.units:>7} cases | {len(one.violations)} violations | seed {one.seed} |\n"
        )
        sys.stdout.writelines(f"  {violation}\n" for violation in one.violations)
    return int(any(one.violations for one in hunts))


if __name__ == "__main__":
    sys.exit(main())
