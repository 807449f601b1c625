"""The voice token: a voice file to take along, under the seal of whoever made it.

Sealed: 8 bytes of magic and version, 32 bytes of HMAC-SHA256 (RFC 2104) over these and the voice file, the voice file.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from voice_library.errors import InvalidVoiceFile, UntrustedVoice

FAMILY = b"SEALVOX"
"""What every seal begins with; no voice file does, for the length of its header, which comes first, is too great."""
MAGIC = FAMILY + b"1"
SIGNATURE_BYTES = hashlib.sha256().digest_size
SEAL_BYTES = len(MAGIC) + SIGNATURE_BYTES
MAX_TOKEN_BYTES = 2 * 2**20
"""What one engine makes of a recording takes about 120 kB."""


def sealed(data: bytes, key: bytes) -> bytes:
    """The voice file `data` under a seal that only holders of `key` can make, and anybody can take off."""
    return MAGIC + _signature(data, key) + data


def unsealed(data: bytes, keys: Sequence[bytes]) -> bytes:
    """The voice file in `data`, of which nothing was read yet; with `keys`, one that a holder of one of them sealed.

    Without keys a seal says nothing and is taken off unread: whoever could add a forged one could as well leave it
    away, and the voice file has to stand the same checks in either case.

    Raises:
        UntrustedVoice: there are keys, and no seal, or one that none of them made.
        InvalidVoiceFile: the seal is of a version not known here, cut short, or the whole too large.
    """
    if len(data) > MAX_TOKEN_BYTES:
        raise InvalidVoiceFile(f"the voice token has {len(data)} bytes; at most {MAX_TOKEN_BYTES} are allowed")
    if not data.startswith(FAMILY):
        if keys:
            raise UntrustedVoice("the voice token is not signed, and this worker takes signed ones alone")
        return data
    if not data.startswith(MAGIC):
        raise InvalidVoiceFile("the voice token has a seal of a version that this worker does not know")
    if len(data) <= SEAL_BYTES:
        raise InvalidVoiceFile("the voice token is truncated: it ends inside its seal")
    signature, file = data[len(MAGIC) : SEAL_BYTES], data[SEAL_BYTES:]
    if keys and not _signed(signature, file, keys):
        raise UntrustedVoice("the voice token was changed, or signed with a key that this worker does not have")
    return file


def _signature(data: bytes, key: bytes) -> bytes:
    return hmac.digest(key, MAGIC + data, "sha256")


def _signed(signature: bytes, data: bytes, keys: Sequence[bytes]) -> bool:
    """Whether one of the keys made the signature; how long that takes tells nothing of where they differ."""
    matches = [hmac.compare_digest(signature, _signature(data, key)) for key in keys]
    return any(matches)
