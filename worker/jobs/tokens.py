"""Voice tokens: what a job gives back of a voice, and another sends instead of the recording."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from voice_library.embedding_file import voice_from_bytes, voice_to_bytes
from voice_library.errors import InvalidVoiceFile as NotAVoiceFile
from voice_library.errors import UntrustedVoice
from voice_library.token import MAX_TOKEN_BYTES, sealed, unsealed
from voice_library.voice import Voice
from worker.engines.base import CloningEngine
from worker.errors import FetchTooLarge, InvalidRequest, InvalidVoiceFile, UntrustedEmbedding
from worker.fetch.fetcher import Fetcher
from worker.fetch.reference import reference_bytes
from worker.settings import Settings

AGAIN = "send the recording again as 'reference_audio' with 'return_embedding': true"
"""How to get a token that fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token that was opened."""

    voice: Voice
    """As its file has it; its consent and licence are empty unless a key of this worker vouches for them."""
    digest: str
    """32 hexadecimal digits of its file."""


def opened(token: str, settings: Settings, fetcher: Fetcher) -> Token:
    """The token that a caller sent, by URL, as a data: URI or in base64; its seal is looked at first.

    Raises:
        InvalidRequest, FetchTooLarge: it is no base64, or larger than any that a job gives back.
        UntrustedEmbedding, InvalidVoiceFile: no key of this worker signed it, or it is damaged.
        UrlNotAllowed, UrlUnusable, FetchFailed: it cannot be had.

    """
    keys = _keys(settings)
    try:
        file = unsealed(_sent(token, fetcher), keys)
        voice = voice_from_bytes(file)
    except UntrustedVoice as error:
        raise UntrustedEmbedding(f"{error}: {AGAIN}") from error
    except NotAVoiceFile as error:
        raise InvalidVoiceFile(f"{error}; send what a job gave back, or the recording again") from error
    if not keys:
        voice = replace(voice, consent="", licence="")
    return Token(voice=voice, digest=hashlib.blake2b(file, digest_size=16).hexdigest())


def portable(voice: Voice, engine: CloningEngine, settings: Settings) -> str:
    """Base64 of a token with the engine's embedding and nothing else: neither the recording nor another's."""
    embeddings = {engine.embedding_key: voice.embeddings[engine.embedding_key]}
    file = voice_to_bytes(replace(voice, reference=None, embeddings=embeddings))
    keys = _keys(settings)
    return base64.b64encode(sealed(file, keys[0]) if keys else file).decode("ascii")


def _sent(token: str, fetcher: Fetcher) -> bytes:
    most_bytes = min(MAX_TOKEN_BYTES, fetcher.limits.max_bytes)
    fetcher = replace(fetcher, limits=replace(fetcher.limits, max_bytes=most_bytes))
    try:
        return reference_bytes(token, fetcher=fetcher)
    except InvalidRequest as error:
        raise InvalidRequest("the embedding is not the base64 that a job gave back") from error
    except FetchTooLarge as error:
        raise FetchTooLarge(
            f"the embedding is over the limit of {most_bytes} bytes; one that a job gives back has about 120 kB"
        ) from error


def _keys(settings: Settings) -> Sequence[bytes]:
    """The first one signs."""
    # What the environment holds that is no UTF-8 arrives as surrogates.
    return [key.get_secret_value().encode(errors="surrogateescape") for key in settings.voice_token_keys]
