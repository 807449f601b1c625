"""Faults: what goes wrong between this worker and a store, as errors of ours and whether another try may mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from botocore.exceptions import (  # type: ignore[import-untyped]  # botocore ships no types
    BotoCoreError,
    ClientError,
    HTTPClientError,
)
from botocore.exceptions import ConnectionError as NoConnection  # not the built-in one

from worker.errors import DeliveryFailed, S3AccessDenied, S3BucketMissing, S3ClockSkewed

STORE_ERRORS: tuple[type[Exception], ...] = (BotoCoreError, ClientError)
"""What calls to a store raise: without an answer, and with one."""
SERVER_ERROR = 500
"""From here on a status is the server's fault: RFC 9110, section 15.6."""
LONGEST_CODE_CHARS = 64
"""S3's own have 50 at most."""

FORBIDDEN = frozenset({"AccessDenied", "AllAccessDisabled", "Forbidden", "403", "Unauthorized", "401"})
"""The key is right and may not do this; the numbers are answers without a code."""
NO_UPLOAD = "NoSuchUpload"

_OTHER_REGION = DeliveryFailed, "the bucket is in another region: check TTS_S3_REGION and the endpoint"
_NO_BUCKET = S3BucketMissing, "the store has no such bucket: check its name, and the endpoint"
_REFUSALS: Mapping[str, tuple[type[DeliveryFailed], str]] = MappingProxyType(
    {
        "InvalidAccessKeyId": (S3AccessDenied, "the store does not know the access key: check its id"),
        "SignatureDoesNotMatch": (S3AccessDenied, "the signature does not match: check the secret access key"),
        "ExpiredToken": (S3AccessDenied, "the access key has expired"),
        "InvalidToken": (S3AccessDenied, "the access key belongs to a session: use one that stands alone"),
        **dict.fromkeys(FORBIDDEN, (S3AccessDenied, "the access key may not put objects into the bucket")),
        "NoSuchBucket": _NO_BUCKET,
        "InvalidBucketName": _NO_BUCKET,
        "RequestTimeTooSkewed": (S3ClockSkewed, "the worker's clock is too far from the store's: set it right"),
        "AuthorizationHeaderMalformed": _OTHER_REGION,
        "PermanentRedirect": _OTHER_REGION,
        "TemporaryRedirect": _OTHER_REGION,
        "EntityTooLarge": (DeliveryFailed, "the recording is larger than the store takes"),
        NO_UPLOAD: (DeliveryFailed, "the store has lost the upload under way"),
    }
)
"""By codes of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html."""
_AGAIN = frozenset({"RequestTimeout", "SlowDown", "Throttling", "ThrottlingException", "TooManyRequests", "429", "408"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A failed call."""

    error: DeliveryFailed
    transient: bool
    """Whether the same call may succeed in a moment."""


def code_of(error: Exception) -> str:
    """The store's code for an error it answered with, else ''."""
    return str(_answer(error).get("Error", {}).get("Code", ""))


def fault_of(error: Exception) -> Fault:
    """What an error of botocore means here; its own words, which may quote addresses and keys, are left out."""
    if not _answer(error):
        return _unanswered(error)
    code, status = code_of(error), int(_answer(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    shown = code if code.isascii() and code.isalnum() and len(code) <= LONGEST_CODE_CHARS else str(status)
    if status >= SERVER_ERROR or code in _AGAIN:
        return Fault(error=DeliveryFailed(f"the store is in trouble ({shown})"), transient=True)
    kind, message = _REFUSALS.get(code, (DeliveryFailed, f"the store refused the request ({shown})"))
    return Fault(error=kind(message), transient=False)


def _unanswered(error: Exception) -> Fault:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Fault(error=DeliveryFailed("the store's certificate is not valid for its endpoint"), transient=False)
    if isinstance(error, HTTPClientError | NoConnection):
        return Fault(error=DeliveryFailed("the store was not reached or broke off"), transient=True)
    return Fault(error=DeliveryFailed(f"the request could not be sent ({type(error).__name__})"), transient=False)


def _answer(error: Exception) -> Mapping[str, Any]:
    return error.response if isinstance(error, ClientError) else {}
