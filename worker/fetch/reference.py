"""References: a recording as a caller may send it, by URL, as a data: URI or in base64."""

from __future__ import annotations

import binascii
import re

from worker.errors import FetchTooLarge, InvalidRequest
from worker.fetch.fetcher import Fetcher
from worker.fetch.target import SCHEME

DATA_URI = re.compile(r"data:[^,]{0,200};base64,", re.ASCII | re.IGNORECASE)
"""RFC 2397; its media type says nothing that the bytes do not."""
WHITE_SPACE = b" \t\r\n"
TO_STANDARD = bytes.maketrans(b"-_", b"+/")
"""From the URL-safe alphabet to the common one (RFC 4648, sections 5 and 4)."""
LINES_SHARE = 1.06
"""How much longer line breaks make base64: MIME adds 2 characters to 76, PEM to 64, and some indent."""


def reference_bytes(source: str, *, fetcher: Fetcher) -> bytes:
    """The bytes of a recording that is named by URL or sent along; the fetcher's limits hold for both.

    Raises:
        InvalidRequest: `source` is neither a URL, a data: URI nor base64.
        FetchTooLarge: it holds too much.
        UrlNotAllowed, UrlUnusable, FetchFailed: as `Fetcher.fetch` does.
    """
    source = source.strip()
    if data_uri := DATA_URI.match(source):
        return _from_base64(source[data_uri.end() :], fetcher.limits.max_bytes)
    if SCHEME.match(source) and source[:5].lower() != "data:":
        return fetcher.fetch(source)
    return _from_base64(source, fetcher.limits.max_bytes)


def _from_base64(text: str, max_bytes: int) -> bytes:
    """What the text decodes to; its length is judged before anything is made of it."""
    if len(text) > LINES_SHARE * (4 * max_bytes / 3 + 4):
        raise _too_large(max_bytes)
    try:
        packed = text.encode("ascii").translate(TO_STANDARD, WHITE_SPACE).rstrip(b"=")
        if 3 * len(packed) // 4 > max_bytes:
            raise _too_large(max_bytes)
        return binascii.a2b_base64(packed + b"=" * (-len(packed) % 4), strict_mode=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise InvalidRequest("the recording is neither an https URL, a data: URI in base64 nor base64") from error


def _too_large(max_bytes: int) -> FetchTooLarge:
    return FetchTooLarge(f"the recording is over the limit of {max_bytes} bytes")
