"""Real parts, shared: one worker with every engine that needs no weights, which makes everything anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from worker.jobs.context import Job, Worker
from worker.metrics import Tally
from worker.reply import Reply
from worker.service import Service
from worker.settings import Settings
from worker.vitals import Vitals


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    worker = Worker.load(Settings(engines=("espeak", "tone"), cache_mb=0, guards=False))
    yield worker
    worker.close()


def fresh(worker: Worker, **settings: object) -> Worker:
    """The same engines and voices with other settings, and nothing counted yet."""
    return replace(
        worker,
        settings=worker.settings.model_copy(update=settings),
        tally=Tally(),
        vitals=Vitals(memory_growth_limit_bytes=2**40),
    )


@pytest.fixture(scope="session")
def service(worker: Worker) -> Service:
    return Service(worker)


class Caller:
    """Sends inputs to a service as one job each."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def __call__(self, job_id: str = "test", /, **fields: object) -> Reply:
        return self._service.run(Job(id=job_id), fields)


@pytest.fixture(scope="session")
def ask(service: Service) -> Caller:
    return Caller(service)
