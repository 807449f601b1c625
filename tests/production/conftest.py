"""`handler.py` in production mode against a local control plane."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.delivery.s3.store import Store
from tests.platform.control_plane import ControlPlane
from tests.platform.process import WorkerProcess

HANDLER = Path(__file__).parent.parent.parent / "handler.py"

StartWorker = Callable[..., WorkerProcess]


@pytest.fixture
def platform() -> Iterator[ControlPlane]:
    """A control plane that has seen nothing wrong by the end of the test.

    A piece that was under way when its job was cancelled is not wrong.
    """
    with ControlPlane() as platform:
        yield platform
        wrong = [one for one in platform.violations() if one.kind not in ("chunk_after_final", "answered_after_stop")]
        assert wrong == []


@pytest.fixture
def start_worker(platform: ControlPlane, tmp_path: Path) -> Iterator[StartWorker]:
    """Starts the real worker; keywords are settings."""
    with ExitStack() as stack:

        def start(**environment: str) -> WorkerProcess:
            return stack.enter_context(
                WorkerProcess(HANDLER, platform, tmp_path / "worker.log", environment=environment)
            )

        yield start


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An S3 server of the test's own."""
    running = Store(tmp_path / "bucket", tmp_path / "store.log")
    yield running
    running.kill()
