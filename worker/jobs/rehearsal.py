"""The rehearsal of a dialogue: every role is cast, its text cut, and the gaps between them measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from worker.errors import EmptyText, InvalidRequest, TextTooLong, UnsupportedParameter
from worker.jobs.cascade import understudied
from worker.jobs.casting import Casting, cast
from worker.jobs.context import Job, Worker
from worker.jobs.performance import Performance
from worker.jobs.plan import Plan
from worker.jobs.roles import Role
from worker.jobs.script import job_seed, passages_of, utterances
from worker.jobs.turns import Turn, conversation
from worker.jobs.turns_report import turns_report
from worker.jobs.way import way_of
from worker.request import DialogueRequest, DirectedRequest, SynthesisRequest
from worker.text.lexicon import Lexicon
from worker.text.passages import Passage
from worker.text.pauses import find_pauses

NATURAL_GAP_SEC = 0.35
"""Between two speakers, unless the request says otherwise: longer than between sentences, shorter than between
paragraphs. What pause tags make of it already is not added to."""
MOST_NAMED = 5
"""Segments that a warning names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """A role that has been cast."""

    role: Role
    request: SynthesisRequest
    """That of the role, in the caller's spelling."""
    casting: Casting
    passages: tuple[Passage, ...]
    silent_sec: float = 0.0
    """What its pauses come to where nothing is said."""


def performance_of(
    request: DirectedRequest, roles: Iterable[Role], job: Job, worker: Worker, *, streams: bool
) -> Performance:
    """What the roles come to, ready to be spoken; all that can be refused is refused here.

    Raises:
        RequestError: a text is empty or too long, or nobody here can speak it as asked.

    """
    roles = tuple(roles)
    _check(request, roles, worker, streams=streams)
    seed = job_seed(request.seed, job.id)
    turns = tuple(_turns(_scenes(request, roles, worker), seed, job, worker))
    if not turns:
        raise EmptyText("There is nothing to speak in the text: write at least one word.", field="text")
    lead = max((turn.plan.casting for turn in turns), key=lambda casting: casting.engine.sample_rate)
    plan = Plan(
        request=request,
        casting=replace(lead, warnings=_warnings(turns), direction=replace(lead.direction, warnings=())),
        utterances=tuple(chain.from_iterable(turn.plan.utterances for turn in turns)),
        submit=way_of(worker, job, tuple(turn.plan.casting for turn in turns)),
        seed=seed,
        format_name=request.response_format,
        streams=streams,
    )
    return Performance(plan=plan, speak=partial(conversation, turns, plan.submit), tell=partial(turns_report, turns))


def _check(request: DirectedRequest, roles: tuple[Role, ...], worker: Worker, *, streams: bool) -> None:
    length, limit_chars = sum(len(role.request.text) for role in roles), worker.settings.max_text_chars
    if length > limit_chars:
        raise TextTooLong(
            f"the dialogue has {length} characters and this worker speaks {limit_chars} in one request: "
            "split it over several",
            field="segments" if isinstance(request, DialogueRequest) else "text",
        )
    if streams and request.delivery in ("s3", "volume"):
        raise InvalidRequest("audio is either streamed or stored: leave out 'stream' or 'delivery'", field="delivery")
    if request.stream and not streams and request.strict:
        raise UnsupportedParameter("this worker answers with one reply: leave out 'stream'", field="stream")


def _scenes(request: DirectedRequest, roles: Iterable[Role], worker: Worker) -> Iterator[_Scene]:
    tags = {tag for engine in worker.engines for tag in engine.capabilities.tags}
    lexicon, left_chars = Lexicon(request.lexicon, tags=tags), worker.settings.max_text_chars
    for role in roles:
        with role.to_blame():
            rewriting = lexicon.rewrite(role.request.text, limit_chars=left_chars)
            spelled = role.request.model_copy(update={"text": rewriting.text, "lexicon": {}})
            casting = understudied(cast(spelled, worker), spelled, worker)
            found = _passages(role, spelled, casting, left_chars)
        left_chars -= len(rewriting.text)
        passages = tuple(_moved(rewriting.in_source(passage), role.offset) for passage in found)
        silent_sec = 0.0 if found else sum(pause.length_sec for pause in find_pauses(spelled.text))
        yield _Scene(role=role, request=spelled, casting=casting, passages=passages, silent_sec=silent_sec)


def _passages(role: Role, spelled: SynthesisRequest, casting: Casting, left_chars: int) -> list[Passage]:
    """Those of a role; none where a stretch between two tags has no words, which a segment must have."""
    try:
        return passages_of(
            spelled,
            casting.engine,
            casting.direction.language,
            max_text_chars=left_chars,
            voice=casting.voice,
            understudies=casting.understudies,
        )
    except EmptyText:
        if role.segment is not None:
            raise
        return []


def _moved(passage: Passage, by: int) -> Passage:
    return replace(passage, start=passage.start + by, end=passage.end + by)


def _turns(scenes: Iterable[_Scene], seed: int, job: Job, worker: Worker) -> Iterator[Turn]:
    began, silent_sec, tagged_sec = False, 0.0, 0.0
    for scene in scenes:
        if not scene.passages:
            silent_sec += scene.silent_sec
            continue
        quiet_sec = tagged_sec + silent_sec + scene.passages[0].lead_sec
        natural_sec = max(0.0, NATURAL_GAP_SEC - quiet_sec) if began else 0.0
        gap_sec = natural_sec if scene.role.gap_sec is None else scene.role.gap_sec
        yield _turn(scene, seed, job, worker, gap_sec=silent_sec + gap_sec)
        began, silent_sec, tagged_sec = True, 0.0, scene.passages[-1].pause_sec


def _turn(scene: _Scene, seed: int, job: Job, worker: Worker, *, gap_sec: float) -> Turn:
    plan = Plan(
        request=scene.request,
        casting=scene.casting,
        # The seeds begin anew with each turn, so that no change to another one is heard in it.
        utterances=tuple(utterances(scene.passages, scene.casting, seed, job=job.id, priority=scene.request.priority)),
        submit=way_of(worker, job),
        seed=seed,
        format_name=scene.request.response_format,
    )
    speaker, casting = scene.role.speaker, scene.casting
    return Turn(
        plan=plan,
        segment=scene.role.segment,
        speaker=(casting.called or casting.name) if speaker is None else speaker,
        gap_sec=gap_sec,
    )


def _warnings(turns: Iterable[Turn]) -> tuple[str, ...]:
    """Each warning once, with the segments it is about, unless it is about all of them."""
    about: defaultdict[str, list[int | None]] = defaultdict(list)
    total = 0
    for total, turn in enumerate(turns, 1):  # noqa: B007 - it counts
        for warning in (*turn.plan.casting.warnings, *turn.plan.casting.direction.warnings):
            about[warning].append(turn.segment)
    return tuple(f"{warning}{_where(segments, total)}" for warning, segments in about.items())


def _where(segments: list[int | None], total: int) -> str:
    named = [str(segment) for segment in segments if segment is not None]
    if not named or len(named) == total:
        return ""
    more = len(named) - MOST_NAMED
    return f" (segments {', '.join(named[:MOST_NAMED])}{f' and {more} more' if more > 0 else ''})"
