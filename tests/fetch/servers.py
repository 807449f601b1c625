"""Real servers on loopback that say exactly what a test wants, and the certificates they show."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from worker.fetch.addresses import Address, Resolver
from worker.fetch.fetcher import Fetcher
from worker.fetch.limits import FetchLimits

NAME = "voice.test"
LOOPBACK = "127.0.0.1"

Respond = Callable[[socket.socket], None]


@dataclass
class Server:
    port: int
    requests: list[bytes] = field(default_factory=list)
    """The head of each request."""
    scheme: str = "http"

    def url(self, path: str = "/", host: str = NAME) -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


@contextmanager
def serving(
    respond: Respond, *, tls: ssl.SSLContext | None = None, at: str = LOOPBACK, port: int = 0
) -> Iterator[Server]:
    """A server that reads a request's head and lets `respond` write the rest."""
    family = socket.AF_INET6 if ":" in at else socket.AF_INET
    with socket.create_server((at, port), family=family) as listener:
        server = Server(port=listener.getsockname()[1], scheme="https" if tls else "http")
        threads: list[threading.Thread] = []

        def serve(sock: socket.socket) -> None:
            # A client that hangs up is what many of these tests are about.
            with suppress(OSError), sock:
                sock.settimeout(5.0)
                with tls.wrap_socket(sock, server_side=True) if tls else sock as spoken:
                    server.requests.append(read_head(spoken))
                    respond(spoken)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threads.append(threading.Thread(target=serve, args=(listener.accept()[0],)))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join()


def read_head(sock: socket.socket) -> bytes:
    head = b""
    while head[:1] in (b"", b"G") and not head.endswith(b"\r\n\r\n") and (part := sock.recv(65_536)):
        head += part
    return head


def answering(body: bytes = b"", *headers: str, status: str = "200 OK", length: int | None = None) -> Respond:
    """One that sends an answer; with the true length, where no other is given."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers, "", "")
    return lambda sock: sock.sendall("\r\n".join(lines).encode("latin-1") + body)


def sending(*parts: bytes) -> Respond:
    """One that sends raw bytes."""
    return lambda sock: sock.sendall(b"".join(parts))


def redirecting(location: str, status: str = "302 Found") -> Respond:
    return answering(b"", f"Location: {location}", status=status)


def resolving_to(*addresses: str) -> Resolver:
    """One that knows every name by the same addresses."""
    return lambda _host, _port: addresses


def loopback_only(address: Address) -> bool:
    """The rule of these tests: one address stands for the public Internet, all others for the inside."""
    return str(address) == LOOPBACK


def fetcher(*servers: Server, tls: ssl.SSLContext | None = None, at: str = LOOPBACK, **limits: object) -> Fetcher:
    """One that may read the servers, whatever their name."""
    allowed: dict[str, object] = {"allow_http": True, "ports": frozenset(server.port for server in servers)}
    return Fetcher(
        limits=FetchLimits(**{**allowed, "total_sec": 5.0, "read_sec": 2.0, **limits}),  # type: ignore[arg-type]
        resolver=resolving_to(at),
        address_rule=loopback_only,
        tls=tls or client_tls(),
    )


@dataclass(frozen=True)
class Issuer:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


@cache
def issuer() -> Issuer:
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        _certificate("test issuer", "test issuer", key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    return Issuer(key, builder.sign(key, hashes.SHA256()))


@cache
def server_tls(name: str = NAME) -> ssl.SSLContext:
    """A server's side, with a certificate for `name`."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _certificate(name, "test issuer", key)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(issuer().key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        chain = Path(folder, "chain.pem")
        chain.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context.load_cert_chain(chain)
    return context


@cache
def client_tls() -> ssl.SSLContext:
    """A client's side, which trusts the test's issuer alone."""
    return ssl.create_default_context(cadata=issuer().pem)


def _certificate(subject: str, issued_by: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issued_by)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
    )
