"""A long text whose worker was killed is run again: it sounds the same, and what was finished is not made anew."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import Caller
from worker.jobs.context import Worker
from worker.reply import LongTextReply
from worker.service import Service
from worker.settings import REPOSITORY, Settings

SENTENCE = "The {} boats came home before the wind turned, said number {}, and nobody at the harbour was surprised."
BOOK = "\n\n".join(" ".join(SENTENCE.format(chapter, number) for number in range(20)) for chapter in range(8))
JOB = {"type": "long_text", "text": BOOK, "seed": 11, "response_format": "wav", "delivery": "volume"}
WITHIN_SEC = 60.0


def entries(cache: Path) -> int:
    """Utterances in the cache that are whole."""
    return sum(path.is_file() and not path.name.startswith(".") for path in cache.rglob("*"))


def killed_half_way(cache: Path, volume: Path, after: int) -> None:
    """Runs the job in a worker of its own and kills that once `after` utterances are kept."""
    environment = {**os.environ, "TTS_CACHE_DIR": str(cache), "TTS_VOLUME_DIR": str(volume), "TTS_GUARDS": "0"}
    command = [sys.executable, "handler.py", "--test_input", json.dumps({"input": JOB}), "--output", str(volume)]
    process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + WITHIN_SEC
        while entries(cache) < after and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    finally:
        process.communicate()
    assert process.returncode == -signal.SIGKILL, "the job ended before it could be killed"


def run(settings: Settings) -> tuple[LongTextReply, bytes]:
    worker = Worker.load(settings)
    try:
        reply = Caller(Service(worker))(**JOB)
    finally:
        worker.close()
    assert isinstance(reply, LongTextReply), reply
    assert reply.audio_path is not None
    return reply, Path(reply.audio_path).read_bytes()


def test_a_killed_job_run_again_is_the_same_and_makes_only_what_was_missing(tmp_path: Path) -> None:
    cache, volume = tmp_path / "cache", tmp_path / "volume"
    cache.mkdir()
    killed_half_way(cache, volume, after=random.randint(3, 20))
    kept = entries(cache)
    assert kept > 0
    undisturbed, expected = run(Settings(volume_dir=tmp_path / "other", cache_mb=0, guards=False))
    again, audio = run(Settings(volume_dir=volume, cache_dir=cache, guards=False))
    assert audio == expected
    assert again.metrics.utterances == undisturbed.metrics.utterances
    assert again.metrics.utterances is not None
    assert kept <= again.metrics.cache_hits < again.metrics.utterances
    assert undisturbed.metrics.cache_hits == 0
