"""The plan of a recording: what is said, by whom, as what file; all that can be refused is refused before it exists."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from worker.audio.formats import FORMATS, Format, nearest_rate
from worker.engines.base import Submit, Utterance
from worker.errors import InvalidRequest, UnsupportedParameter
from worker.jobs.cascade import understudied
from worker.jobs.casting import Casting, cast
from worker.jobs.context import Job, Worker
from worker.jobs.script import check_length, job_seed, passages_of, utterances
from worker.jobs.way import way_of
from worker.request import (
    AudioFormat,
    DirectedRequest,
    LongTextRequest,
    RecordingRequest,
    SpokenRequest,
    SynthesisRequest,
)
from worker.text.passages import Passage

PCM_SAMPLE_RATE = 24_000
"""Hertz of headerless audio unless the caller says otherwise; OpenAI's clients assume it."""
NOT_LIVE = "it needs 'stream', a synthesis or a cloning, an engine that can, and no change of speed or pitch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A recording that can be made, any number of times, with the same samples each time."""

    request: RecordingRequest
    casting: Casting
    utterances: Iterable[Utterance]
    """From the first, and again whenever they are asked for."""
    submit: Submit
    """Whom the utterances are handed to."""
    seed: int
    format_name: AudioFormat
    streams: bool = False
    """Whether audio leaves as it is made."""
    live: bool = False
    """Whether the first utterance is heard while it is made."""
    keeps_timing: bool = False
    """Whether the silence around an utterance belongs to it, as it does in a recording that is said again."""
    relative_lu: tuple[float, ...] = ()
    """By utterance, how much louder than the whole it is to be, in loudness units; empty where all are alike."""
    heard: str = ""
    """Digest of the recordings, or of the document, that came with the request."""
    voice_embedding: str | None = None
    """What the reply is to say of the voice, in base64."""

    def __post_init__(self) -> None:
        """Refuses what a strict request has to have and this plan has not.

        Raises:
            UnsupportedParameter: nothing is heard live.

        """
        if self._lacks_live and self.request.strict:
            raise UnsupportedParameter(f"{NOT_LIVE}; leave out 'live', or 'strict'", field="live")

    @property
    def _lacks_live(self) -> bool:
        return isinstance(self.request, DirectedRequest) and self.request.live is True and not self.live

    @property
    def format(self) -> Format:
        """The kind of file."""
        return FORMATS[self.format_name]

    @property
    def sample_rate(self) -> int:
        """Hertz of the file: the rate asked for, else the engine's, moved to one the format has."""
        default = PCM_SAMPLE_RATE if self.format_name == "pcm" else self.casting.engine.sample_rate
        return nearest_rate(self.format_name, self.request.sample_rate or default)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What of the request is not met to the letter."""
        warnings = (*self.casting.warnings, *self.casting.direction.warnings)
        if self.request.sample_rate and self.request.sample_rate != self.sample_rate:
            moved = f"{self.format_name} has no {self.request.sample_rate} Hz; {self.sample_rate} Hz was used"
            warnings = (*warnings, moved)
        if isinstance(self.request, DirectedRequest) and self.request.stream and not self.streams:
            warnings = (*warnings, "this worker answers with one reply: 'stream' was not honoured")
        if self._lacks_live:
            warnings = (*warnings, f"'live' was not honoured: {NOT_LIVE}")
        if self.format_name != self.request.response_format:
            smaller = f"{self.request.response_format} would be too large for the reply; {self.format_name} was used"
            warnings = (*warnings, smaller)
        return warnings

    @property
    def digest(self) -> str:
        """32 hexadecimal digits that change with whatever changes the file."""
        # What a URL holds may change, and base64 and books are long: their digest stands in for them.
        long = {"reference_audio", "voice_embedding", "source_audio", "document", "consent", "licence"}
        if isinstance(self.request, LongTextRequest):
            long.add("text")
        asked = self.request.model_dump_json(exclude={*long, "priority"})
        what = f"{asked}/{self.seed}/{self.format_name}/{self.casting.engine.name}/{self.heard}"
        return hashlib.blake2b(what.encode(errors="surrogatepass"), digest_size=16).hexdigest()

    def script(self) -> Iterator[Utterance]:
        """The utterances, from the first."""
        return iter(self.utterances)

    def in_format(self, format_name: AudioFormat) -> Self:
        """The same recording as another kind of file."""
        return replace(self, format_name=format_name)


def plan_of(request: SynthesisRequest, job: Job, worker: Worker, *, streams: bool) -> Plan:
    """The plan of `request`.

    Raises:
        RequestError: the text is empty or too long, or nobody here can speak it as asked.

    """
    check_spoken(request, worker, streams=streams)
    casting = understudied(cast(request, worker), request, worker)
    passages = passages_of(
        request,
        casting.engine,
        casting.direction.language,
        max_text_chars=worker.settings.max_text_chars,
        voice=casting.voice,
        understudies=casting.understudies,
    )
    return spoken_plan(request, casting, passages, job, worker, streams=streams)


def check_spoken(request: SpokenRequest, worker: Worker, *, streams: bool) -> None:
    """Raises what can be said against a request without knowing who speaks it.

    Raises:
        TextTooLong, InvalidRequest, UnsupportedParameter: it asks for too much, or for what excludes each other.

    """
    check_length(request.text, worker.settings.max_text_chars)
    if streams and request.delivery in ("s3", "volume"):
        raise InvalidRequest("audio is either streamed or stored: leave out 'stream' or 'delivery'", field="delivery")
    if request.stream and not streams and request.strict:
        raise UnsupportedParameter("this worker answers with one reply: leave out 'stream'", field="stream")


def spoken_plan(
    request: SpokenRequest, casting: Casting, passages: list[Passage], job: Job, worker: Worker, *, streams: bool
) -> Plan:
    """The plan of a text whose speaker is known."""
    seed = job_seed(request.seed, job.id)
    live = streams and request.is_live and casting.is_live
    return Plan(
        request=request,
        casting=casting,
        utterances=tuple(utterances(passages, casting, seed, job=job.id, priority=request.priority, live=live)),
        submit=way_of(worker, job, (casting,)),
        seed=seed,
        format_name=request.response_format,
        streams=streams,
        live=live,
    )
