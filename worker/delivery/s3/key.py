"""Keys: where in its bucket a recording lies, made of nothing a caller wrote."""

from __future__ import annotations

import hashlib
import re
from datetime import date

LONGEST_PART_CHARS = 128
"""Of a job id or voice in a key; S3's limit for a whole key is 1,024 bytes."""
HASH_CHARS = 32
"""128 bits of SHA-256."""

_PLAIN = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_PART_CHARS}}}")


def object_key(
    template: str, prefix: str | None, *, job_id: str, digest: str, extension: str, voice: str, day: date
) -> str:
    """The key that the settings' template and prefix make.

    The same job and request get the same one again, unless the template has a date.

    Args:
        template: `Settings.s3_key_template`.
        prefix: `Settings.s3_prefix`.
        job_id: the platform's.
        digest: of the request, hexadecimal.
        extension: the format's, with its dot.
        voice: id of a voice or profile.
        day: of the job, in UTC.
    """
    rest = template.format(
        job=_plain(job_id), digest=_plain(digest), extension=extension, date=day.isoformat(), voice=_plain(voice)
    )
    return f"{prefix}/{rest}" if prefix else rest


def _plain(part: str) -> str:
    """The part itself where it is plain, else its hash."""
    if _PLAIN.fullmatch(part):
        return part
    return hashlib.sha256(part.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_CHARS]
