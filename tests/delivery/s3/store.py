"""A real S3 server on loopback, rclone over a folder, that checks signatures and can be killed and come back."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from pydantic import SecretStr

from worker.delivery.s3.connection import Connection, Patience
from worker.delivery.s3.target import Target

RCLONE = Path(sys.prefix) / "bin" / "rclone"
ACCESS_KEY_ID = "CANARYACCESSKEY"
SECRET_ACCESS_KEY = "CANARY/SECRET+KEY"  # noqa: S105  # of the server below
BUCKET = "recordings"
START_SEC = 10.0
HURRIED = Patience(connect_sec=1.0, read_sec=1.0, check_sec=3.0, stall_sec=3.0, abort_sec=2.0)


class Store:
    """The server; `pid` is its process."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder = folder
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        (folder / BUCKET).mkdir(parents=True)
        self.start()

    def start(self) -> None:
        """Listens where it did before, if it did."""
        command = [str(RCLONE), "serve", "s3", "--config", "/dev/null", "--addr", f"127.0.0.1:{self.port}"]
        command += ["--auth-key", f"{ACCESS_KEY_ID},{SECRET_ACCESS_KEY}"]
        # It writes parts in order and keeps in memory what comes early: here all but the first, which comes last.
        command += ["--multipart-streaming-buffer-limit", "0"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([*command, str(self.folder)], stderr=log)
        deadline = time.monotonic() + START_SEC
        while (found := re.search(r"http://127\.0\.0\.1:(\d+)", self._log.read_text())) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(self._log.read_text())
            time.sleep(0.01)
        self.port = int(found[1])
        while not self._is_listening():
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing listens on port {self.port}")
            time.sleep(0.01)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL, which a stopped process takes too."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def target(self, **changes: object) -> Target:
        values: dict[str, object] = {
            "endpoint": f"http://127.0.0.1:{self.port}",
            "bucket": BUCKET,
            "region": "us-east-1",
            "access_key_id": SecretStr(ACCESS_KEY_ID),
            "secret_access_key": SecretStr(SECRET_ACCESS_KEY),
            "url_lifetime_sec": 600,
        }
        return Target(**{**values, **changes})  # type: ignore[arg-type]  # as the fields are

    def connection(self, patience: Patience = HURRIED, **changes: object) -> Connection:
        return Connection(self.target(**changes), patience)

    def readable(self) -> list[str]:
        """What readers of the bucket see."""
        paths = (self.folder / BUCKET).rglob("*")
        return sorted(str(path.relative_to(self.folder / BUCKET)) for path in paths if path.is_file())

    def _is_listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
