"""Frozen processes, torn networks and clocks that jump: every job is answered, and with the right audio."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from tests.faults.chaos_proxy import ChaosProxy, Toxic, chaos_proxy
from tests.faults.frozen import frozen
from tests.platform.control_plane import HOLD_SEC, ControlPlane
from tests.platform.job import State
from tests.platform.process import WorkerProcess
from tests.production.conftest import HANDLER
from tests.production.test_queue import SLOW_TEXT
from tests.production.undisturbed import SPEECH, audio_alone, audio_of, reply_of
from worker.service import Service

SEED = 20_261_120
JOBS = 30
SHORT = {"text": "A short one.", "engine": "espeak", "response_format": "mp3"}


def reset_all(proxy: ChaosProxy) -> None:
    """RST on every connection that is open now, to both of its ends."""

    def reset(task: asyncio.Task[None], writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        if connection is not None and not writer.transport.is_closing():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        task.cancel()

    for task, writer in list(proxy._open.items()):
        task.get_loop().call_soon_threadsafe(reset, task, writer)


def test_a_worker_that_was_frozen_finds_its_sockets_dead_and_goes_on(
    platform: ControlPlane, service: Service, tmp_path: Path
) -> None:
    with (
        chaos_proxy(platform.port) as proxy,
        WorkerProcess(HANDLER, platform, tmp_path / "log", address=proxy.address) as worker,
    ):
        # Longer than a poll is held: the control plane would hand the next job to one whose worker is gone.
        with frozen(worker.pid, HOLD_SEC + 1, group=True):
            reset_all(proxy)
        idle = platform.wait_for(platform.submit(SPEECH, job_id="after-idling"))
        busy = platform.submit(SPEECH, job_id="frozen-in-the-middle")
        platform.wait_for(busy, State.IN_PROGRESS)
        with frozen(worker.pid, HOLD_SEC + 1, group=True):
            reset_all(proxy)
        for job in (idle, platform.wait_for(busy)):
            assert audio_of(job) == audio_alone(service, job)
            assert len(job.deliveries) == 1
        slow = platform.submit({"text": SLOW_TEXT})
        platform.wait_for(slow, State.IN_PROGRESS)
        # A stop signal given to a poll that is dead already is lost here as on any network: wait for a live one.
        polls = len(platform.requests("job-stop"))
        platform.wait_until(lambda: len(platform.requests("job-stop")) > polls)
        platform.cancel(slow)
        worker.wait_for_log(slow, "cancelled")  # the channel for stops has come back, too
        assert platform.job(slow).results == []


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What happens to connections; replies are harmed on those that bring answers alone.

    A job that is lost on its way to the worker is the platform's to deliver again, and this one cannot know.
    """

    up: Toxic = field(default_factory=Toxic)
    down: Toxic = field(default_factory=Toxic)
    refuse_probability: float = 0.0

    def befall(self, proxy: ChaosProxy, *, replies: bool) -> None:
        proxy._random = random.Random(SEED)  # what was opened before draws from this no more
        proxy.up, proxy.refuse_probability = self.up, self.refuse_probability
        proxy.down = self.down if replies else Toxic()


NETWORKS = {
    "slow": Network(up=Toxic(latency_sec=0.1), down=Toxic(latency_sec=0.1)),
    "reset": Network(up=Toxic(reset_after_bytes=4000, probability=0.3)),
    "closed": Network(up=Toxic(close_after_bytes=4000, probability=0.3)),
    "reply lost": Network(down=Toxic(reset_after_bytes=0, probability=0.3)),
    "reply torn": Network(down=Toxic(close_after_bytes=30, probability=0.3)),
    "refused": Network(refuse_probability=0.3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Torn:
    """A worker that reaches its platform through two proxies."""

    platform: ControlPlane
    worker: WorkerProcess
    polls: ChaosProxy
    answers: ChaosProxy


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Torn]:
    log = tmp_path_factory.mktemp("worker") / "log"
    with ControlPlane() as platform, chaos_proxy(platform.port) as polls, chaos_proxy(platform.port) as answers:
        through = platform.worker_environment("$RUNPOD_POD_ID", address=answers.address)
        posts = {"RUNPOD_WEBHOOK_POST_OUTPUT": through["RUNPOD_WEBHOOK_POST_OUTPUT"]}
        with WorkerProcess(HANDLER, platform, log, address=polls.address, environment=posts) as worker:
            yield Torn(platform=platform, worker=worker, polls=polls, answers=answers)


@pytest.mark.parametrize("name", NETWORKS)
def test_thirty_jobs_on_a_torn_network_are_all_answered_and_repeats_say_the_same(
    torn: Torn, service: Service, name: str
) -> None:
    platform, before = torn.platform, len(torn.platform.violations())
    for proxy in (torn.polls, torn.answers):
        NETWORKS[name].befall(proxy, replies=proxy is torn.answers)
    job_ids, troubles = [f"{name}-{number}" for number in range(JOBS)], torn.worker.log.count("delivery failed")
    polls = len(platform.requests("job-take-batch"))
    reset_all(torn.polls)
    platform.wait_until(lambda: len(platform.requests("job-take-batch")) > polls)
    for group in range(0, JOBS, 5):
        reset_all(torn.answers)  # so that every few answers meet new connections
        for job_id in job_ids[group : group + 5]:
            platform.submit(SHORT, job_id=job_id)
        for job_id in job_ids[group : group + 5]:
            platform.wait_for(job_id, within_sec=30)
    for job_id in job_ids:
        job = platform.job(job_id)
        assert len(job.deliveries) == 1
        assert audio_of(job) == audio_alone(service, job)
    repeats = platform.violations()[before:]
    assert {violation.kind for violation in repeats} <= {"answered_twice"}, repeats
    assert (torn.worker.log.count("delivery failed") > troubles) or name == "slow"


JUMPS_SEC = {"-2h": -7200, "+3d": 259_200, "-1d": -86_400}
CLOCK_SEC = 600
"""Two clocks closer than this are the same one, seen at different moments."""


@pytest.fixture(scope="module")
def fake_clock(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A file that says how wrong the wall clock is, and the environment in which processes believe it."""
    libfaketime: ModuleType = pytest.importorskip("libfaketime")
    offset = tmp_path_factory.mktemp("clock") / "offset"
    library = Path(libfaketime.__file__ or "").parent / "vendor/libfaketime/src/libfaketime.so.1"
    environment = {
        "LD_PRELOAD": str(library),
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_TIMESTAMP_FILE": str(offset),
    }
    offset.write_text("+3d\n")
    program = "import threading, time; threading.Event().wait(0.01); print(time.time())"
    probe = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    told = float(probe.stdout or 0) - datetime.now(UTC).timestamp()
    if abs(told - JUMPS_SEC["+3d"]) > CLOCK_SEC:
        pytest.skip(f"libfaketime has no effect on this machine: {probe.stderr.strip()[-200:]}")
    offset.write_text("+0\n")
    return offset, environment


def test_a_clock_that_jumps_costs_no_job_and_no_duration_is_negative(
    platform: ControlPlane, service: Service, tmp_path: Path, fake_clock: tuple[Path, dict[str, str]]
) -> None:
    offset, environment = fake_clock
    with WorkerProcess(HANDLER, platform, tmp_path / "log", environment=environment) as worker:
        for jump, jump_sec in JUMPS_SEC.items():
            running = platform.submit(SPEECH, job_id=f"during {jump}")
            platform.wait_for(running, State.IN_PROGRESS, State.COMPLETED)
            offset.write_text(f"{jump}\n")
            after = platform.submit(SHORT, job_id=f"after {jump}")
            for job in (platform.wait_for(running), platform.wait_for(after)):
                assert audio_of(job) == audio_alone(service, job)
                durations = {name: value for name, value in reply_of(job)["metrics"].items() if name.endswith("_sec")}
                assert min(durations.values()) >= 0, durations
                assert max(durations.values()) < CLOCK_SEC, durations
            worker.wait_for_log(f'"job": "{after}"', '"job done"')
            (line,) = [json.loads(line) for line in worker.log.splitlines() if f'"job": "{after}"' in line]
            seen = datetime.fromisoformat(line["time"]).timestamp() - datetime.now(UTC).timestamp()
            assert abs(seen - jump_sec) < CLOCK_SEC  # the jump was real
            assert 0 <= line["took_sec"] < CLOCK_SEC
