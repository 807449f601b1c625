"""Clones: speakers who are in no library, out of a recording or of the embedding that was made of one."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from voice_library.embedding_file import voice_from_bytes, voice_to_bytes
from voice_library.errors import InvalidVoiceFile as NotAVoiceFile
from voice_library.language import canonical
from voice_library.voice import Voice
from worker.audio.reference import judge
from worker.engines.base import CloningEngine, Engine
from worker.errors import IncompatibleEmbedding, InvalidRequest, InvalidVoiceFile
from worker.fetch.fetcher import Fetcher
from worker.fetch.reference import reference_bytes
from worker.jobs.sent_audio import about, digest, recording
from worker.request import CloningRequest, ConversionRequest

NATIVE = "en"
"""Language of a speaker of whom none is known."""
ID_DIGITS = 12

Cloner = TypeVar("Cloner", bound=CloningEngine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """A speaker who came with the request."""

    voice: Voice
    heard: str
    """Digest of what the voice was made of."""
    warnings: tuple[str, ...] = ()


def sent_embedding(request: CloningRequest | ConversionRequest, fetcher: Fetcher) -> Clone | None:
    """The speaker of the request's `voice_embedding`, or None where it has a recording.

    Raises:
        InvalidRequest: it has both or neither, or the embedding is not base64.
        FetchTooLarge, InvalidVoiceFile: it is too large, or not what a job gave back.

    """
    if (request.voice_embedding is None) == (request.reference_audio is None):
        raise InvalidRequest("send either 'reference_audio' or its 'voice_embedding'", field="reference_audio")
    if request.voice_embedding is None:
        return None
    with about("voice_embedding"):
        try:
            data = reference_bytes(request.voice_embedding, fetcher=fetcher)
            voice = voice_from_bytes(data)
        except InvalidRequest as error:
            raise InvalidRequest("the embedding is not the base64 that a job gave back") from error
        except NotAVoiceFile as error:
            raise InvalidVoiceFile(f"{error}; send what a job gave back, or the recording again") from error
    heard = hashlib.blake2b(data, digest_size=16).hexdigest()
    name = f"clone-{heard[:ID_DIGITS]}"
    # Nothing but the arrays: what the file says of itself is not ours.
    voice = Voice(
        id=name,
        names=(name,),
        language=voice.language,
        gender=voice.gender,
        tier="premium",
        embeddings=voice.embeddings,
    )
    return Clone(voice=voice, heard=heard)


def cloner_of(engines: Sequence[Cloner], sent: Clone | None) -> Cloner:
    """The first of the engines; for an embedding, the first that it was made by.

    Raises:
        IncompatibleEmbedding: none of them made it, or it is damaged.

    """
    if sent is None:
        return engines[0]
    for engine in engines:
        if engine.embedding_key in sent.voice.embeddings:
            if engine.can_speak(sent.voice):
                return engine
            raise IncompatibleEmbedding(
                f"the embedding is damaged for the engine {engine.name!r}: send the recording as 'reference_audio'",
                field="voice_embedding",
            )
    raise IncompatibleEmbedding(
        "the embedding was made by another engine, or by another version of its model, than "
        f"{' and '.join(repr(engine.name) for engine in engines)}: send the recording again as 'reference_audio'",
        field="voice_embedding",
    )


def heard_clone(
    request: CloningRequest | ConversionRequest, engine: CloningEngine, language: str, fetcher: Fetcher
) -> Clone:
    """The speaker of the request's `reference_audio`, whom the engine has yet to enrol.

    Raises:
        InvalidReference: it is silent or too short.
        WorkerError: as `recording` does.

    """
    clip = recording(request.reference_audio or "", field="reference_audio", fetcher=fetcher)
    judged = judge(clip, engine.reference_limits)
    heard = digest(clip)
    name = f"clone-{heard[:ID_DIGITS]}"
    voice = Voice(
        id=name,
        names=(name,),
        language=canonical(language),
        gender="neutral",
        tier="premium",
        reference=judged.reference,
    )
    return Clone(voice=voice, heard=heard, warnings=tuple(f"reference_audio: {warning}" for warning in judged.warnings))


def enrolled(voice: Voice, engine: CloningEngine) -> Voice:
    """The voice with the engine's embedding.

    Raises:
        InvalidReference: the engine finds nothing in its reference to go by.

    """
    if voice.reference is None:  # it came as an embedding
        return voice
    with about("reference_audio"):
        embedding = engine.enroll(voice.reference)
    return replace(voice, embeddings={**voice.embeddings, engine.embedding_key: embedding})


def portable(voice: Voice, engine: CloningEngine) -> str:
    """Base64 of a voice file with the engine's embedding and nothing else: neither the recording nor another's."""
    embeddings = {engine.embedding_key: voice.embeddings[engine.embedding_key]}
    return base64.b64encode(voice_to_bytes(replace(voice, reference=None, embeddings=embeddings))).decode("ascii")


def native_language(engine: Engine) -> str:
    """English, or the first language of an engine that does not speak it."""
    return NATIVE if engine.capabilities.speaks(NATIVE) else min(engine.capabilities.languages)
