"""What may go wrong between a caller's URL and its bytes."""

from __future__ import annotations

from worker.errors import RequestError, WorkerFault


class UrlNotAllowed(RequestError):
    """The URL, or one it redirects to, is not one this worker reads."""

    code = "url_not_allowed"


class UrlUnusable(RequestError):
    """The URL's server answers, but with nothing that can be used, and would do so again."""

    code = "url_unusable"


class FetchTooLarge(RequestError):
    """What the URL or the base64 holds is over the limit."""

    code = "fetch_too_large"


class FetchFailed(WorkerFault):
    """The URL's server was not reached, broke off or was too slow."""

    code = "fetch_failed"
