"""A worker as the platform runs one: a process in production mode, in a group of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.platform.control_plane import ControlPlane

START_SEC = 60.0
EXIT_SEC = 20.0
LOOK_SEC = 0.02
LOG_TAIL_LINES = 40


class WorkerProcess:
    """Starts on entering and is gone, with everything it started, on leaving; a failure inside shows its log's end.

    Each one is a worker of its own name, unless `worker_id` says otherwise: a worker that came back under its old
    name would renew the leases of the one that was killed.
    """

    def __init__(
        self,
        script: Path,
        platform: ControlPlane,
        log: Path,
        *,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        worker_id: str | None = None,
        address: str | None = None,
    ) -> None:
        """`environment` is added to the platform's; `address` is that of a proxy before the control plane."""
        self.worker_id = worker_id or f"worker-{uuid.uuid4().hex[:8]}"
        self._platform = platform
        self._log = log
        self._command = [sys.executable, "-u", str(script.resolve()), *arguments]
        self._folder = script.resolve().parent
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RUNPOD_")},
            "HOME": str(log.parent),  # the SDK prefers a key in ~/.runpod/config.toml to the one given here
            **platform.worker_environment(self.worker_id, address=address),
            **(environment or {}),
        }

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_until_polling()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        if error is not None:
            error.add_note(self._log_tail())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has written to stdout and stderr so far."""
        return self._log.read_text(errors="replace")

    def start(self) -> None:
        """Starts the process and returns at once; only `end` is certain to undo it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_polling(self, within_sec: float = START_SEC) -> None:
        """Returns when it has asked for a job.

        Raises: AssertionError with the end of its log if it ends instead or takes too long.
        """

        def polls() -> bool:
            kinds = ("job-take", "job-take-batch")
            return any(self._platform.requests(kind, worker_id=self.worker_id) for kind in kinds)

        self._wait(lambda: polls() or self._process.poll() is not None, within_sec, "does not poll")
        if self._process.poll() is not None:
            raise AssertionError(f"the worker ended with {self._process.returncode}\n{self._log_tail()}")

    def wait_for_log(self, *parts: str, within_sec: float = EXIT_SEC) -> None:
        """Returns when one line of its log holds all of these."""
        self._wait(
            lambda: any(all(part in line for part in parts) for line in self.log.splitlines()),
            within_sec,
            f"has not logged {' and '.join(parts)}",
        )

    def terminate(self) -> None:
        """SIGTERM to the worker alone, as the platform stops a container."""
        self._process.terminate()

    def kill(self) -> None:
        """SIGKILL to the whole group, as when the machine is lost."""
        self._signal_group(signal.SIGKILL)
        self._process.wait(EXIT_SEC)

    def kill_parent(self) -> None:
        """SIGKILL to the worker alone: what it started must notice by itself."""
        self._process.kill()
        self._process.wait(EXIT_SEC)

    def wait_for_exit(self, within_sec: float = EXIT_SEC) -> int:
        """Its exit status, negative for a signal."""
        self._wait(lambda: self._process.poll() is not None, within_sec, "does not end")
        return self._process.wait()

    def end(self) -> None:
        """Leaves nothing of the group behind; harmless when nothing is left."""
        self._signal_group(signal.SIGKILL)
        self._process.wait(EXIT_SEC)

    def _signal_group(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def _wait(self, condition: Callable[[], bool], within_sec: float, complaint: str) -> None:
        deadline = time.monotonic() + within_sec
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"after {within_sec} s the worker {complaint}\n{self._log_tail()}")
            time.sleep(LOOK_SEC)

    def _log_tail(self) -> str:
        lines = self.log.splitlines()[-LOG_TAIL_LINES:]
        return "\n".join([f"the end of {self._log}:", *lines])
