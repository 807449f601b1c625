"""The cloning job: text to one recording in the voice of another, which may be kept."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from worker.engines.base import CloningEngine
from worker.errors import InvalidRequest, UnsupportedLanguage, UnsupportedParameter
from worker.jobs.able import cloning_engines
from worker.jobs.cascade import understudied
from worker.jobs.casting import Casting
from worker.jobs.clones import Clone, cloner_of, enrolled, heard_clone, native_language, sent_embedding
from worker.jobs.context import Job, Worker
from worker.jobs.direction import directed
from worker.jobs.performance import alone
from worker.jobs.plan import Plan, check_spoken, spoken_plan
from worker.jobs.recording import recorded, streamed
from worker.jobs.saving import check_savable, christened, saved
from worker.jobs.script import passages_of
from worker.jobs.tokens import portable
from worker.reply import SpeechReply
from worker.request import CloningRequest


def run(request: CloningRequest, job: Job, worker: Worker) -> SpeechReply:
    """Speaks the text in the voice of the recording and delivers it."""
    return recorded(alone(plan_of(request, job, worker, streams=False)), job, worker)


def stream(request: CloningRequest, job: Job, worker: Worker) -> Generator[bytes, None, SpeechReply]:
    """Speaks the text and yields the file's bytes as they are made; returns the reply, which has no audio."""
    return streamed(alone(plan_of(request, job, worker, streams=True)), job, worker)


def plan_of(request: CloningRequest, job: Job, worker: Worker, *, streams: bool) -> Plan:
    """The plan of `request`; what costs nothing is refused first, and a voice is saved last.

    Raises:
        RequestError: the text, the recording or the embedding cannot be used, or nobody here clones as asked.
        FetchFailed, VoiceNotSaved: the recording cannot be had, or the voice not kept.

    """
    check_spoken(request, worker, streams=streams)
    check_savable(request, worker.shelf)
    notes = _unheeded(request)
    sent = sent_embedding(request, worker)
    engine = cloner_of(_cloners(request, worker), sent, worker.engines)
    language = request.language or (sent.voice.language if sent else native_language(engine))
    direction = directed(request, engine, language=language)
    max_text_chars = worker.settings.max_text_chars
    passages_of(request, engine, language, max_text_chars=max_text_chars)  # refused before a recording is fetched
    clone = sent or heard_clone(request, engine, language, worker)
    job.cancellation.stop_if_cancelled()
    casting = Casting(
        engine=engine,
        name=clone.voice.id,
        voice=clone.voice,
        direction=direction,
        warnings=(*notes, *clone.warnings),
    )
    casting = understudied(casting, request, worker)
    passages = passages_of(request, engine, language, max_text_chars=max_text_chars, understudies=casting.understudies)
    clone = _kept(request, clone, engine, worker)
    casting = replace(casting, name=clone.voice.id, voice=clone.voice)
    plan = spoken_plan(request, casting, passages, job, worker, streams=streams)
    embedding = portable(clone.voice, engine, worker.settings) if request.return_embedding else None
    return replace(plan, heard=clone.heard, voice_embedding=embedding)


def _kept(request: CloningRequest, clone: Clone, engine: CloningEngine, worker: Worker) -> Clone:
    """The clone, enrolled where its embedding outlives the job, and saved where it is to be."""
    voice, replaces = clone.voice, request.replace_voice
    if request.save_voice:
        voice = christened(voice, request.save_voice, worker.shelf, replaces=replaces)
    if request.save_voice or request.return_embedding:
        voice = enrolled(voice, engine)
    if request.save_voice:
        voice = saved(voice, worker.shelf, replaces=replaces)
    return replace(clone, voice=voice)


def _unheeded(request: CloningRequest) -> tuple[str, ...]:
    """What says who speaks, beside the recording that does."""
    if request.profile:
        raise InvalidRequest(
            "a profile brings its own voice: leave out 'profile', and send its effects and options", field="profile"
        )
    if not request.voice:
        return ()
    if request.strict:
        raise UnsupportedParameter("the recording says who speaks: leave out 'voice'", field="voice")
    return ("the recording says who speaks; 'voice' was left out",)


def _cloners(request: CloningRequest, worker: Worker) -> list[CloningEngine]:
    """The engines that may speak, the preferred first."""
    able = cloning_engines(request.engine, worker.engines)
    speaking = [engine for engine in able if not request.language or engine.capabilities.speaks(request.language)]
    if not speaking:
        names = ", ".join(repr(engine.name) for engine in able)
        raise UnsupportedLanguage(
            f"none of the engines that clone voices here ({names}) speaks that language", field="language"
        )
    return speaking
