"""Clones: speakers who are in no library, out of a recording or of the embedding that was made of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from voice_library.language import canonical
from voice_library.voice import Voice
from worker.audio.reference import judge
from worker.engines.base import CloningEngine, Engine
from worker.errors import IncompatibleEmbedding, InvalidRequest
from worker.jobs.consent import check_agreed, claimed, overruled
from worker.jobs.context import Worker
from worker.jobs.sent_audio import about, digest, recording
from worker.jobs.tokens import AGAIN, opened
from worker.request import CloningRequest, ConversionRequest

NATIVE = "en"
"""Language of a speaker of whom none is known."""
ID_DIGITS = 12
REVISION_DIGITS = 12
"""Of a model's revision, in a message."""

Cloner = TypeVar("Cloner", bound=CloningEngine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """A speaker who came with the request."""

    voice: Voice
    heard: str
    """Digest of what the voice was made of."""
    warnings: tuple[str, ...] = ()


def sent_embedding(request: CloningRequest | ConversionRequest, worker: Worker) -> Clone | None:
    """The speaker of the request's `voice_embedding`, or None where it has a recording.

    An engine that waits to be asked for is loaded if it made the embedding, and the request names no other.

    Raises:
        InvalidRequest: it has both or neither.
        ConsentRequired: this worker asks for consent, and neither the request nor a seal says so.
        WorkerError: the embedding cannot be had or opened, or its engine not loaded.

    """
    if (request.voice_embedding is None) == (request.reference_audio is None):
        raise InvalidRequest("send either 'reference_audio' or its 'voice_embedding'", field="reference_audio")
    if request.voice_embedding is None:
        return None
    with about("voice_embedding"):
        token = opened(request.voice_embedding, worker.settings, worker.fetcher)
    name = f"clone-{token.digest[:ID_DIGITS]}"
    # The arrays, and what a seal vouches for: what else the file says of itself is not ours.
    voice = Voice(
        id=name,
        names=(name,),
        language=token.voice.language,
        gender=token.voice.gender,
        tier="premium",
        embeddings=token.voice.embeddings,
        licence=token.voice.licence,
        consent=token.voice.consent,
    )
    voice = claimed(voice, request)
    check_agreed(voice.consent, worker.settings)
    if request.engine == "auto":
        _wake(voice, worker)
    return Clone(voice=voice, heard=token.digest, warnings=overruled(request, voice))


def cloner_of(able: Sequence[Cloner], sent: Clone | None, engines: Iterable[Engine]) -> Cloner:
    """The first of those that are able; for an embedding, the first that it was made by.

    Raises:
        IncompatibleEmbedding: none of them made it, or it is damaged; `engines` are those of the worker.

    """
    if sent is None:
        return able[0]
    for engine in able:
        if engine.embedding_key in sent.voice.embeddings:
            if engine.fits(sent.voice.embeddings[engine.embedding_key]):
                return engine
            raise IncompatibleEmbedding(
                f"the embedding is damaged for the engine {engine.name!r}: {AGAIN}", field="voice_embedding"
            )
    raise IncompatibleEmbedding(f"{_misfit(sent.voice, able, engines)}: {AGAIN}", field="voice_embedding")


def heard_clone(
    request: CloningRequest | ConversionRequest, engine: CloningEngine, language: str, worker: Worker
) -> Clone:
    """The speaker of the request's `reference_audio`, whom the engine has yet to enrol.

    Raises:
        ConsentRequired: this worker asks for consent, and the request has none; nothing was fetched.
        InvalidReference: it is silent or too short.
        WorkerError: as `recording` does.

    """
    check_agreed(request.consent, worker.settings)
    clip = recording(request.reference_audio or "", field="reference_audio", fetcher=worker.fetcher)
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
    voice = claimed(voice, request)
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


def native_language(engine: Engine) -> str:
    """English, or the first language of an engine that does not speak it."""
    return NATIVE if engine.capabilities.speaks(NATIVE) else min(engine.capabilities.languages)


def _wake(voice: Voice, worker: Worker) -> None:
    """Loads the engine that made the embedding, where it waits to be asked for."""
    for key in voice.embeddings:
        name = _made_by(key)[0]
        if name in worker.settings.lazy_engines:
            worker.engines[name]


def _misfit(voice: Voice, able: Iterable[CloningEngine], engines: Iterable[Engine]) -> str:
    """Who made the embedding, and why that is nobody who could use it."""
    keys = {_made_by(key)[0]: key for key in voice.embeddings}
    for engine in able:
        if engine.name in keys:
            made, here = (_made_by(key)[1] for key in (keys[engine.name], engine.embedding_key))
            return (
                f"the embedding was made by revision {made} of the model of {engine.name!r}, "
                f"and this worker has revision {here}"
            )
    loaded = [engine.name for engine in engines]
    for name in loaded:
        if name in keys:
            return (
                f"the embedding was made by {name!r}, which is loaded here but is not the 'engine' asked for, or does "
                "not do this job in this 'language'"
            )
    made = next((repr(name) for name in keys), "no engine")
    return f"the embedding was made by {made}, which is not loaded here; loaded are {', '.join(loaded)}"


def _made_by(key: str) -> tuple[str, str]:
    """Engine and short revision of an embedding's key."""
    engine, _, revision = key.partition("/")
    return engine, revision[:REVISION_DIGITS]
