"""Fitness: what a worker must be able to do before it takes its first job; it is warm afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from worker.engines.base import Engine
from worker.errors import StorageFull, WorkerFault
from worker.jobs.context import Job
from worker.reply import ErrorReply
from worker.service import Service

PROBE_TEXT = "One, two, three."
SPARE_BYTES = 100_000_000
"""Room a volume must have left: an hour of speech as FLAC."""


def checks(service: Service) -> list[Callable[[], None]]:
    """One function per thing that must work, each raising what is wrong; their names are shown by the platform."""
    found = [_speaking(service, engine) for engine in service.worker.engines]
    volume_dir = service.worker.settings.volume_dir
    return [*found, _storing(volume_dir)] if volume_dir else found


def _speaking(service: Service, engine: Engine) -> Callable[[], None]:
    def check() -> None:
        voice = next((voice for voice in service.worker.library.voices if engine.can_speak(voice)), None)
        if voice is None:
            raise WorkerFault(f"the engine {engine.name!r} has no voice")
        probe = {"text": PROBE_TEXT, "engine": engine.name, "voice": voice.id, "delivery": "inline"}
        reply = service.run(Job(id="fitness", counted=False), probe)
        if isinstance(reply, ErrorReply):
            raise WorkerFault(f"{reply.error.code}: {reply.error.message}")

    check.__name__ = f"{engine.name}_speaks"
    return check


def _storing(folder: Path) -> Callable[[], None]:
    def volume_stores() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"probe")
        if shutil.disk_usage(folder).free < SPARE_BYTES:
            raise StorageFull(f"the volume has less than {SPARE_BYTES} bytes left")

    return volume_stores
