"""The Hub over HTTP: the commit of a branch, and a file from any byte on; one try each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

import requests
from pydantic import BaseModel, Field, ValidationError

from builder.fetch.errors import AccessDenied, Interrupted, NotThere, Unreachable

HUB = "https://huggingface.co"
CHUNK_BYTES = 1 << 16
"""What is received at once, and the most that a broken connection loses."""
REDIRECTS = 5
LONGEST_WAIT_SEC = 60.0
"""At most so long a server's `Retry-After` is honoured."""
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class _Stored(BaseModel):
    sha256: str


class _Listed(BaseModel):
    rfilename: str
    size: int | None = None
    lfs: _Stored | None = None


class Commit(BaseModel):
    """What the Hub says of a commit; the fields are those of its API for models."""

    sha: str = Field(pattern=r"^[0-9a-f]{40}$")
    siblings: tuple[_Listed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The bytes of a file from `start` on."""

    start: int
    total: int | None
    """Length of the whole file in bytes, if the server says it."""
    chunks: Iterator[bytes]
    """Lazy. Raises: Interrupted where the connection breaks."""


class Hub:
    """A Hub, or a mirror that answers as it does."""

    def __init__(self, endpoint: str = HUB, *, token: str | None = None, timeout_sec: float = 30.0) -> None:
        """Raises: Unreachable where the endpoint is no address, or one that a token must not be sent to."""
        self._endpoint = endpoint.rstrip("/")
        self._token = token
        self._timeout_sec = timeout_sec
        parts = urlsplit(self._endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unreachable("the endpoint is no http:// or https:// address")
        if token and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise Unreachable("a token is sent over https only: unset HF_TOKEN or take an https:// endpoint")
        self._session = requests.Session()

    def commit(self, repository: str, branch: str = "main") -> Commit:
        """The newest commit of `branch`, with the files it has."""
        what = f"{repository} at {branch}"
        with self._answer(f"/api/models/{repository}/revision/{branch}?blobs=true", what) as response:
            try:
                return Commit.model_validate_json(response.content)
            except ValidationError as error:
                raise NotThere(f"{what}: the endpoint does not answer as the Hub's API does") from error
            except requests.RequestException as error:
                raise _interrupted(what, error) from error

    @contextmanager
    def open(self, repository: str, revision: str, name: str, start: int = 0) -> Iterator[Body]:
        """The file from byte `start` on, or from its beginning where the server sends no part of it.

        Raises:
            Interrupted: another try may succeed; from the beginning, where the server sends another part or none.
            AccessDenied, NotThere, Unreachable: none will.

        """
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        with self._answer(f"/{repository}/resolve/{revision}/{name}", f"{repository}: {name}", headers) as response:
            begins, total = _extent(response, start, name)
            yield Body(start=begins, total=total, chunks=_chunks(response, name))

    @contextmanager
    def _answer(self, path: str, what: str, headers: dict[str, str] | None = None) -> Iterator[requests.Response]:
        """The answer to a GET after at most `REDIRECTS` redirections, each to https or to where it comes from."""
        url = self._endpoint + path
        for _ in range(REDIRECTS):
            try:
                response = self._session.get(
                    url,
                    headers=headers,
                    auth=self._authorise,
                    timeout=self._timeout_sec,
                    stream=True,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                raise _interrupted(what, error) from error
            with response:
                if not response.is_redirect:
                    _check(response, what)
                    yield response
                    return
                url = self._next(url, response.headers["Location"], what)
        raise Unreachable(f"{what}: redirected more than {REDIRECTS} times")

    def _authorise(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Adds the token for the endpoint alone; having a say here also keeps `.netrc` out."""
        if self._token and _origin(str(request.url)) == _origin(self._endpoint):
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def _next(self, url: str, location: str, what: str) -> str:
        target = urljoin(url, location)
        if urlsplit(target).scheme != "https" and urlsplit(self._endpoint).scheme == "https":
            raise Unreachable(f"{what}: redirected away from https")
        return target


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _check(response: requests.Response, what: str) -> None:
    status = response.status_code
    if status in (401, 403):
        raise AccessDenied(
            f"{what}: the Hub refuses access ({status}). If the repository is gated, accept its terms on the Hub; "
            "then set HF_TOKEN to a token that may read it. It may also be private or gone"
        )
    if status in (404, 410):
        raise NotThere(f"{what}: the Hub has no such repository, commit or file ({status})")
    if status in _TRANSIENT:
        raise Interrupted(f"{what}: the server answers {status}", wait_sec=_retry_after(response))
    if status not in (200, 206, 416):
        raise Unreachable(f"{what}: the server answers {status}")


def _retry_after(response: requests.Response) -> float:
    given = response.headers.get("Retry-After", "")
    return min(float(given), LONGEST_WAIT_SEC) if given.isdecimal() else 0.0


def _extent(response: requests.Response, start: int, name: str) -> tuple[int, int | None]:
    """The first byte that `response` holds, and the length of the whole file."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Unreachable(f"{name}: the server compresses what was asked for as it is")
    length = response.headers.get("Content-Length", "")
    if response.status_code == HTTPStatus.OK:
        return 0, int(length) if length.isdecimal() else None
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if response.status_code == HTTPStatus.PARTIAL_CONTENT and found:
        first, last, total = (int(number) for number in found.groups())
        if first == start and last == total - 1:
            return first, total
    raise Interrupted(f"{name}: the server does not send the part of the file that was asked for", anew=True)


def _chunks(response: requests.Response, name: str) -> Iterator[bytes]:
    try:
        yield from response.iter_content(CHUNK_BYTES)
    except requests.RequestException as error:
        raise _interrupted(name, error) from error


def _interrupted(what: str, error: requests.RequestException) -> Interrupted:
    """Without the exception's own message, which may quote a signed address."""
    return Interrupted(f"{what}: the connection failed ({type(error).__name__})")
