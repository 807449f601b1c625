"""The long-text job: a text of any length, or a document, to files that are delivered as they are finished."""

from __future__ import annotations

import logging
import re

from worker.errors import DeliveryFailed, EmptyText, PayloadTooLarge, UnsupportedParameter
from worker.jobs.book import MEBIBYTE, Book, book_of
from worker.jobs.cascade import understudied
from worker.jobs.casting import cast
from worker.jobs.context import Job, Worker
from worker.jobs.edition import Edition
from worker.jobs.outlet import outlets
from worker.jobs.plan import Plan
from worker.jobs.reading import Reading
from worker.jobs.recording import SMALLER
from worker.jobs.script import cutting_of, job_seed, lexicon_of
from worker.jobs.sent_audio import about
from worker.jobs.way import way_of
from worker.reply import LongTextReply
from worker.request import LongTextRequest, SpokenRequest, SynthesisRequest
from worker.text.pauses import find_pauses

SAMPLE_CHARS = 2_000_000
"""How much of a book is looked at to choose an engine, and for what that does not speak as it is written."""
_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")

logger = logging.getLogger(__name__)


def run(request: LongTextRequest, job: Job, worker: Worker) -> LongTextReply:
    """Reads the text aloud and delivers it, part by part.

    Raises:
        RequestError: it cannot be read, or nobody here can speak it as asked.
        DeliveryFailed, EngineFailed, Cancelled: it was not made to its end; parts that were stored by then stay.

    """
    if request.stream and request.strict:
        raise UnsupportedParameter("a long text is delivered, not streamed: leave out 'stream'", field="stream")
    book = book_of(request, worker.fetcher, limit_mb=worker.settings.max_long_text_mb)
    job.cancellation.stop_if_cancelled()
    plan = plan_of(request, book, job, worker)
    while True:
        try:
            return _delivered(plan, request, book, job, worker)
        except PayloadTooLarge:
            if not request.allow_downgrade or plan.format_name not in SMALLER:
                raise
            plan = plan.in_format(SMALLER[plan.format_name])


def plan_of(request: LongTextRequest, book: Book, job: Job, worker: Worker) -> Plan:
    """The plan of a book.

    Raises:
        RequestError: a pause tag in it is wrong, nothing in it can be spoken, or nobody here can speak it as asked.

    """
    field = "document" if request.text is None else "text"
    sample = _sample(request, book, worker)
    casting = understudied(cast(sample, worker), sample, worker)
    seed = job_seed(request.seed, job.id)
    reading = Reading(
        book=book,
        casting=casting,
        cutting=cutting_of(request, casting.engine, casting.direction.language, casting.understudies),
        lexicon=lexicon_of(request, casting.engine, casting.voice),
        seed=seed,
        limit_chars=worker.settings.max_long_text_mb * MEBIBYTE,
        job=job.id,
        priority=request.priority,
    )
    with about(field):
        for chapter in book.chapters:
            find_pauses(chapter.text)
    if next(iter(reading), None) is None:
        raise EmptyText("There is nothing to speak in the text: write at least one word.", field=field)
    return Plan(
        request=request,
        casting=casting,
        utterances=reading,
        submit=way_of(worker, job, (casting,)),
        seed=seed,
        format_name=request.response_format,
        heard=book.digest,
    )


def _delivered(plan: Plan, request: LongTextRequest, book: Book, job: Job, worker: Worker) -> LongTextReply:
    """The reply by the first outlet that works; all is made anew for each, for it is never held whole."""
    *spare, last = outlets(plan, job, worker, several=request.split != "none")
    warnings: tuple[str, ...] = ()
    for outlet in spare:
        try:
            return _with(warnings, Edition(plan, book, request=request, outlet=outlet, job=job, worker=worker).made())
        except DeliveryFailed as error:
            logger.warning("delivery failed, trying the next way", exc_info=error)
            warnings = (*warnings, f"{error}; delivered another way")
    return _with(warnings, Edition(plan, book, request=request, outlet=last, job=job, worker=worker).made())


def _with(warnings: tuple[str, ...], reply: LongTextReply) -> LongTextReply:
    return reply.model_copy(update={"warnings": (*reply.warnings, *warnings)})


def _sample(request: LongTextRequest, book: Book, worker: Worker) -> SynthesisRequest:
    """The request as one for the beginning of the book, which says all that decides who speaks."""
    shared = {name: getattr(request, name) for name in SpokenRequest.model_fields if name != "text"}
    shared["language"] = request.language or _language(request, book, worker)
    return SynthesisRequest(**shared, text=_beginning(book))


def _language(request: LongTextRequest, book: Book, worker: Worker) -> str | None:
    """The document's own language, where it has to say who speaks and somebody can."""
    language = book.language
    if request.voice or request.profile or not language or not _TAG.fullmatch(language):
        return None
    return language if any(engine.capabilities.speaks(language) for engine in worker.engines) else None


def _beginning(book: Book) -> str:
    parts, room = [], SAMPLE_CHARS
    for chapter in book.chapters:
        parts.append(chapter.text[:room])
        room -= len(parts[-1])
        if room <= 0:
            break
    return "\n\n".join(parts)
