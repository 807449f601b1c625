"""A store that answers with what it was told: real answers that a real server cannot be made to give."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic import SecretStr

from tests.delivery.s3.store import ACCESS_KEY_ID, BUCKET, HURRIED, SECRET_ACCESS_KEY
from worker.delivery.s3.connection import Connection
from worker.delivery.s3.target import Target

FILLER_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and the code of an S3 error where it is one."""

    status: int
    code: str = ""
    filler_bytes: int = 0
    """Sent after it."""

    @property
    def body(self) -> bytes:
        if not self.code:
            return b""
        return f"<Error><Code>{self.code}</Code><Message>{SECRET_ACCESS_KEY} of a/path</Message></Error>".encode()


@contextmanager
def answering(answers: Mapping[str, Answer]) -> Iterator[tuple[Connection, list[str]]]:
    """A connection to a server that gives each method its answer, and the methods it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append(self.command)
            answer = answers[self.command]
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body) + answer.filler_bytes))
            self.end_headers()
            self.wfile.write(answer.body)
            with suppress(ConnectionError):
                for _ in range(answer.filler_bytes // FILLER_BYTES):
                    self.wfile.write(bytes(FILLER_BYTES))

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815  # http.server's names

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    target = Target(
        endpoint=f"http://127.0.0.1:{server.server_port}",
        bucket=BUCKET,
        region="us-east-1",
        access_key_id=SecretStr(ACCESS_KEY_ID),
        secret_access_key=SecretStr(SECRET_ACCESS_KEY),
        url_lifetime_sec=60,
    )
    connection = Connection(target, HURRIED)
    try:
        yield connection, asked
    finally:
        connection.client.close()
        server.shutdown()
        server.server_close()
        thread.join()
