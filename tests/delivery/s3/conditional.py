"""A store in memory that keeps conditions, which the real one of these tests does not know; it does nothing else well.

Conditions: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html. No signature is checked.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic import SecretStr

from tests.delivery.s3.store import BUCKET
from worker.delivery.s3.connection import Connection, Patience
from worker.delivery.s3.target import Target

QUICK = Patience(connect_sec=1.0, read_sec=1.0, check_sec=1.0, stall_sec=1.0, abort_sec=1.0)


@dataclass(slots=True)
class ConditionalStore:
    """What it holds and what it was asked for."""

    port: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    """The method, and its condition if it had one."""
    knows_conditions: bool = True
    """Else a write with one is answered with 501."""
    knows_ranges: bool = True
    answers_lost: int = 0
    """Writes, from now on, that are done and not answered."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    _connection: Connection | None = None

    def connection(self) -> Connection:
        """One for all, for its client takes time to make."""
        self._connection = self._connection or self._connected()
        return self._connection

    def _connected(self) -> Connection:
        target = Target(
            endpoint=f"http://127.0.0.1:{self.port}",
            bucket=BUCKET,
            region="us-east-1",
            access_key_id=SecretStr("key"),
            secret_access_key=SecretStr("secret"),
            url_lifetime_sec=60,
        )
        return Connection(target, QUICK)

    def stands(self, path: str, match: str | None, none_match: str | None) -> bool:
        """Whether the conditions hold."""
        found = etag(self.objects[path]) if path in self.objects else None
        return (match is None or match == found) and not (none_match == "*" and found)


def etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


@contextmanager
def conditional_store() -> Iterator[ConditionalStore]:
    """One that listens."""
    store = ConditionalStore()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def refuse(self, status: int, code: str) -> None:
            self.answer(status, f"<Error><Code>{code}</Code></Error>".encode())

        def handle_one(self) -> None:
            match, none_match = self.headers.get("If-Match"), self.headers.get("If-None-Match")
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with store.lock:
                store.requests.append((self.command, match or none_match or ""))
                if self.command == "PUT" and not store.knows_conditions and (match or none_match):
                    self.refuse(501, "NotImplemented")
                elif match and self.path not in store.objects:
                    self.refuse(404, "NoSuchKey")
                elif not store.stands(self.path, match, none_match):
                    self.refuse(412, "PreconditionFailed")
                elif self.command == "PUT":
                    self.put(body)
                elif self.command == "DELETE":
                    store.objects.pop(self.path, None)
                    self.answer(204)
                else:
                    self.get()

        def put(self, body: bytes) -> None:
            store.objects[self.path] = body
            if store.answers_lost:
                store.answers_lost -= 1
                self.close_connection = True
            else:
                self.answer(200, ETag=etag(body))

        def get(self) -> None:
            data = store.objects.get(self.path)
            if data is None:
                self.refuse(404, "NoSuchKey")
                return
            asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            if asked and int(asked[1]) >= len(data):
                self.refuse(416, "InvalidRange")
            elif asked and store.knows_ranges:
                begin, end = int(asked[1]), min(int(asked[2]) + 1, len(data))
                span = f"bytes {begin}-{end - 1}/{len(data)}"
                self.answer(206, data[begin:end], ETag=etag(data), Content_Range=span)
            else:
                self.answer(200, data, ETag=etag(data))

        do_GET = do_PUT = do_DELETE = do_HEAD = handle_one  # noqa: N815  # http.server's names

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    store.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
