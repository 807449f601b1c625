"""S3 settings: what they must hold, and the names of RunPod and AWS that stand in where ours are silent."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_KEY_TEMPLATE = "{job}/{digest}{extension}"
PLACEHOLDERS = frozenset({"job", "digest", "extension", "date", "voice"})
LONGEST_URL_LIFETIME_SEC = 604_800
"""A week, the most that Signature Version 4 allows:
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html."""
DEFAULT_REGION = "us-east-1"
"""What stores without regions expect in a signature."""

Given = Mapping[str, object]
"""Values by field name of `Settings`."""

_BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
"""S3's rule, with the capitals and underscores of old buckets; no ARN, which would lead to another host."""
_HOSTED = re.compile(
    r"(?:(?P<bucket>[a-z0-9][a-z0-9.-]+)\.)?"
    r"s3(?:[.-]dualstack)?(?:[.-](?P<region>[a-z0-9-]+))?\.(?:amazonaws\.com(?:\.cn)?|backblazeb2\.com|wasabisys\.com|scw\.cloud)"
)
"""Hosts of providers that put the bucket before `s3` and the region after it."""
_PATH = re.compile(r"[A-Za-z0-9!_.*'()/=-]*")
"""What needs no escaping in a key: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html."""
_REQUIRED = {
    "s3_bucket": "TTS_S3_BUCKET (or BUCKET_NAME)",
    "s3_access_key_id": "TTS_S3_ACCESS_KEY_ID (or BUCKET_ACCESS_KEY_ID)",
    "s3_secret_access_key": "TTS_S3_SECRET_ACCESS_KEY (or BUCKET_SECRET_ACCESS_KEY)",
}
_PAIRS = (("BUCKET_ACCESS_KEY_ID", "BUCKET_SECRET_ACCESS_KEY"), ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
_MEANS_S3 = ("s3_endpoint", *_REQUIRED, "s3_public_base_url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a store listens, and what its address says about the bucket."""

    url: str
    bucket: str | None
    region: str | None

    @classmethod
    def parse(cls, given: str, bucket: str | None) -> Endpoint:
        """The parts of a URL that may hold the bucket before its host or as its path; `bucket` is named beside it.

        Raises:
            ValueError: it is no such URL, or names another bucket than `bucket`.
        """
        parts = urlsplit(given.strip())
        host, path = parts.hostname or "", parts.path.strip("/")
        if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("the endpoint is no http:// or https:// address of a host alone")
        host, in_host, region = _hosted(host)
        if bucket is not None and host.startswith(f"{bucket}."):
            host, in_host = host.removeprefix(f"{bucket}."), bucket
        named = {name for name in (bucket, in_host, path or None) if name is not None}
        if len(named) > 1:
            raise ValueError("the endpoint's address holds another bucket or a path: leave one of them out")
        port = "" if parts.port is None else f":{parts.port}"
        shown = f"[{host}]" if ":" in host else host
        return cls(url=f"{parts.scheme}://{shown}{port}", bucket=next(iter(named), None), region=region)


def stand_ins(environment: Mapping[str, str], given: Given) -> dict[str, str]:
    """Values for fields that `given` lacks, from `BUCKET_…` and `AWS_…`; nothing unless S3 is meant to be used.

    AWS's names alone do not mean it: they are often there for another purpose. Both halves of the credentials
    come from one place.
    """
    known = {name: value.strip() for name, value in environment.items() if value.strip()}
    if not any(name in given for name in _MEANS_S3) and not any(name.startswith("BUCKET_") for name in known):
        return {}
    found = {
        "s3_endpoint": known.get("BUCKET_ENDPOINT_URL") or known.get("AWS_ENDPOINT_URL_S3"),
        "s3_bucket": known.get("BUCKET_NAME"),
    }
    if "s3_access_key_id" not in given and "s3_secret_access_key" not in given:
        pair = next((pair for pair in _PAIRS if any(name in known for name in pair)), _PAIRS[0])
        found["s3_access_key_id"], found["s3_secret_access_key"] = (known.get(name) for name in pair)
    if not _tells_region(given.get("s3_endpoint") or found["s3_endpoint"]):
        found["s3_region"] = known.get("AWS_REGION") or known.get("AWS_DEFAULT_REGION")
    return {name: value for name, value in found.items() if value and name not in given}


def settled(given: Given) -> dict[str, object]:
    """The values with endpoint, bucket and region told apart, if there are any.

    Raises:
        ValueError: what is set up is not all that is needed, or does not fit together.
    """
    values = dict(given)
    if not any(values.get(name) for name in _MEANS_S3):
        return values
    bucket = values.get("s3_bucket")
    if values.get("s3_endpoint"):
        endpoint = Endpoint.parse(str(values["s3_endpoint"]), str(bucket) if bucket else None)
        values["s3_endpoint"], values["s3_bucket"] = endpoint.url, endpoint.bucket
        values["s3_region"] = values.get("s3_region") or endpoint.region or DEFAULT_REGION
    missing = [name for field, name in _REQUIRED.items() if not values.get(field)]
    if not values.get("s3_endpoint") and not values.get("s3_region"):
        missing.append("TTS_S3_ENDPOINT (or BUCKET_ENDPOINT_URL), or TTS_S3_REGION for AWS")
    if missing:
        raise ValueError(f"S3 is set up in part; missing: {', '.join(missing)}")
    return values


def bucket_name(given: str) -> str:
    """The name itself. Raises: ValueError where no bucket can have it."""
    if not _BUCKET_NAME.fullmatch(given) or ".." in given:
        raise ValueError("a bucket's name is 3 to 63 letters, digits, '.', '_' and '-'")
    return given


def key_prefix(given: str) -> str:
    """The prefix without slashes around it. Raises: ValueError where a key cannot begin so."""
    prefix = given.strip("/")
    if not _PATH.fullmatch(prefix) or not _is_plain(prefix):
        raise ValueError("a prefix is letters, digits and !_.*'()=- between single slashes")
    return prefix


def key_template(given: str) -> str:
    """The template itself. Raises: ValueError where it cannot make a key, or one key for everything."""
    parts = list(string.Formatter().parse(given))
    placeholders = {name for _, name, _, _ in parts if name is not None}
    if unknown := placeholders - PLACEHOLDERS:
        raise ValueError(f"no placeholder is called {min(unknown)!r}; there are {', '.join(sorted(PLACEHOLDERS))}")
    if any(layout or conversion for _, _, layout, conversion in parts):
        raise ValueError("placeholders take no format: {job}, not {job:>8} or {job!r}")
    if not placeholders & {"job", "digest"}:
        raise ValueError("without {job} or {digest} every recording would have the same key")
    if not all(_PATH.fullmatch(literal) for literal, _, _, _ in parts) or not _is_plain(given):
        raise ValueError("around placeholders are letters, digits and !_.*'()=- between single slashes")
    return given


def _is_plain(path: str) -> bool:
    return not path or all(part not in ("", ".", "..") for part in path.split("/"))


def _hosted(host: str) -> tuple[str, str | None, str | None]:
    """The host without a bucket before it, that bucket, and the region."""
    match = _HOSTED.fullmatch(host)
    if match is None:
        return host, None, None
    bucket = match["bucket"]
    return host.removeprefix(f"{bucket}."), bucket, match["region"]


def _region(host: str) -> str | None:
    return _hosted(host)[2]


def _tells_region(endpoint: object) -> bool:
    return bool(endpoint) and _region(urlsplit(str(endpoint)).hostname or "") is not None
