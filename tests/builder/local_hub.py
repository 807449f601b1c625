"""A Hub on loopback: its API for commits, its files with ranges, and faults to order."""

from __future__ import annotations

import hashlib
import json
import random
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REPOSITORY = "Org/small-model"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = random.Random(7).randbytes(400_000)
FILES = {"weights.safetensors": WEIGHTS, "tokenizer.json": b'{"version": 1}', "conds.pt": b"voice" * 100}


@dataclass(frozen=True)
class Request:
    path: str
    range: str | None
    authorization: str | None


@dataclass
class LocalHub:
    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    commit: str = COMMIT
    requests: list[Request] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    """What happens to the next requests for files instead of an answer."""
    served: int = 0
    """Bytes of files that were sent."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ranges(self) -> list[str | None]:
        return [request.range for request in self.requests if "/resolve/" in request.path]


class Answer(BaseHTTPRequestHandler):
    """The answer to one request."""

    protocol_version = "HTTP/1.1"
    hub: LocalHub

    def do_GET(self) -> None:
        self.hub.requests.append(Request(self.path, self.headers["Range"], self.headers["Authorization"]))
        if self.path.startswith("/api/"):
            return self.say_commit()
        if self.hub.faults:
            return self.hub.faults.popleft()(self)
        return self.send_file()

    def say_commit(self) -> None:
        branch = self.path.partition("/revision/")[2].partition("?")[0]
        if branch not in ("main", self.hub.commit):
            return self.send_status(404)
        siblings = [
            {"rfilename": name, "size": len(content)}
            | ({"lfs": {"sha256": sha256(content), "size": len(content)}} if name.endswith(".safetensors") else {})
            for name, content in self.hub.files.items()
        ]
        return self.send_whole(json.dumps({"sha": self.hub.commit, "siblings": siblings}).encode())

    def send_file(
        self, *, ranged: bool = True, length: int | None = None, pause: Callable[[], None] | None = None
    ) -> None:
        """The rest of the file that is asked for; only `length` bytes of it, then a `pause` and the end, if given."""
        found = re.fullmatch(rf"/{REPOSITORY}/resolve/{self.hub.commit}/(.+)", self.path)
        if not found or found[1] not in self.hub.files:
            return self.send_status(404)
        content = self.hub.files[found[1]]
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        start = int(asked[1]) if asked and ranged else 0
        if start >= len(content) > 0:
            return self.send_status(416)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        return self.send_body(content[start:], length, pause)

    def send_body(self, body: bytes, length: int | None = None, pause: Callable[[], None] | None = None) -> None:
        body = body if length is None else body[:length]
        self.wfile.write(body)
        self.hub.served += len(body)
        if length is not None:
            self.wfile.flush()
            if pause:
                pause()
            self.close_connection = True

    def send_whole(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def send_status(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


Fault = Callable[[Answer], None]


def breaking_after(length: int) -> Fault:
    """The connection ends after so many bytes, as if it were all there was to say."""
    return lambda answer: answer.send_file(length=length)


def waiting_after(length: int, until: threading.Event) -> Fault:
    return lambda answer: answer.send_file(length=length, pause=lambda: until.wait(20) and None)


def answering(status: int, **headers: str) -> Fault:
    return lambda answer: answer.send_status(status, **headers)


def redirecting(url: Callable[[str], str]) -> Fault:
    """Sent on to `url`, made of the path that was asked for."""
    return lambda answer: answer.send_status(302, Location=url(answer.path))


def ignoring_the_range(answer: Answer) -> None:
    answer.send_file(ranged=False)


def refusing_ranges(answer: Answer) -> None:
    answer.send_status(416) if answer.headers["Range"] else answer.send_file()


def sending_another_range(answer: Answer) -> None:
    if not answer.headers["Range"]:
        return answer.send_file()
    answer.send_response(206)
    answer.send_header("Content-Range", f"bytes 10-{len(WEIGHTS) - 1}/{len(WEIGHTS)}")
    answer.send_header("Content-Length", str(len(WEIGHTS) - 10))
    answer.end_headers()
    return answer.send_body(WEIGHTS[10:])


def sending_without_end(answer: Answer) -> None:
    answer.send_response(200)
    answer.send_header("Connection", "close")
    answer.end_headers()
    for _ in range(100):
        answer.send_body(bytes(100_000))


def sending_after(pause_sec: float) -> Fault:
    def slow(answer: Answer) -> None:
        time.sleep(pause_sec)
        answer.send_file()

    return slow


@contextmanager
def serving(**state: object) -> Iterator[LocalHub]:
    hub = LocalHub(**state)  # type: ignore[arg-type]
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Answer,), {"hub": hub}))
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # a client that hangs up is what some tests do
    hub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write_list(path: Path, *, pinned: bool = True, names: tuple[str, ...] = ("small",)) -> Path:
    """A list of models of this Hub, all of one repository."""
    lines = ["# A comment that stays."]
    for name in names:
        lines += [f"[{name}]", f'repository = "{REPOSITORY}"', f'revision = "{COMMIT if pinned else ""}"', "files = ["]
        for file, content in FILES.items():
            pins = f', size = {len(content)}, sha256 = "{sha256(content)}"' if pinned else ""
            lines.append(f'    {{ name = "{file}"{pins} }},')
        lines.append("]")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
