"""Starting: settings, logs and engines, then the front end that the surroundings ask for."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence

from worker import logs
from worker.errors import WorkerError
from worker.frontends import fitness, local
from worker.frontends.queue import Queue
from worker.frontends.stream import Stream
from worker.jobs.context import Worker
from worker.service import Service, error_reply
from worker.settings import Settings

PLATFORM_VARIABLES = ("RUNPOD_WEBHOOK_GET_JOB", "RUNPOD_REALTIME_PORT")
"""The platform sets one of these; without, the worker is on somebody's own machine."""
PLATFORM_FLAG = "--rp_serve_api"
"""The SDK's own development server."""


def start(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs until the work is done; the exit status, 0 for success."""
    on_platform = PLATFORM_FLAG in arguments or any(name in environment for name in PLATFORM_VARIABLES)
    try:
        settings = Settings.from_environment(environment)
        logs.configure(settings.log_level if on_platform else "WARNING")
        if not on_platform:
            return local.run(arguments, settings)
        service = Service(Worker.load(settings))
    except WorkerError as error:
        json.dump(error_reply(error).model_dump(exclude_none=True), sys.stderr)
        sys.stderr.write("\n")
        if on_platform:
            _report_unfit(error)
        return 1
    _serve(service)
    return 0


def _serve(service: Service) -> None:
    from worker.frontends import sdk  # imported where it is used: a local run has no need of it

    settings = service.worker.settings
    kind = Stream if settings.frontend == "stream" else Queue
    frontend = kind(service, tell=sdk.tell_progress, progress_sec=settings.progress_sec)
    config = {
        "handler": frontend.handle,
        # Constant, for the SDK stops taking jobs while it changes.
        "concurrency_modifier": lambda _current: frontend.floor.slots,
        "return_aggregate_stream": True,
    }
    service.worker.vitals.when_sick(lambda: config.update(refresh_worker=True))
    service.warm()
    try:
        sdk.serve(
            config,
            fitness=fitness.checks(service),
            stopped=frontend.floor.stop,
            log_level=settings.log_level,
        )
    finally:
        service.worker.usage.keep()


def _report_unfit(error: WorkerError) -> None:
    """Tells the platform why this worker cannot start; a worker that only exits is started again and again."""
    from worker.frontends import sdk

    def worker_starts() -> None:
        raise error

    config = {"handler": worker_starts, "concurrency_modifier": lambda _current: 1}
    sdk.serve(config, fitness=[worker_starts], stopped=lambda _job_id: None, log_level="INFO")
