"""The plan of a recording: what is said, by whom, as what file; all that can be refused is refused before it exists."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from worker.audio.formats import FORMATS, Format, nearest_rate
from worker.engines.base import Utterance
from worker.errors import InvalidRequest, TextTooLong, UnsupportedParameter
from worker.jobs.casting import Casting, cast
from worker.jobs.context import Job, Worker
from worker.jobs.speech import utterances
from worker.request import LARGEST_SEED, AudioFormat, SynthesisRequest
from worker.text.characters import tidy_characters
from worker.text.normalise import normalise
from worker.text.passages import Passage, passages

PCM_SAMPLE_RATE = 24_000
"""Hertz of headerless audio unless the caller says otherwise; OpenAI's clients assume it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A recording that can be made, any number of times, with the same samples each time."""

    request: SynthesisRequest
    casting: Casting
    passages: tuple[Passage, ...]
    seed: int
    format_name: AudioFormat
    streams: bool
    """Whether audio leaves as it is made."""

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
        warnings = self.casting.warnings
        if self.request.sample_rate and self.request.sample_rate != self.sample_rate:
            moved = f"{self.format_name} has no {self.request.sample_rate} Hz; {self.sample_rate} Hz was used"
            warnings = (*warnings, moved)
        if self.request.stream and not self.streams:
            warnings = (*warnings, "this worker answers with one reply: 'stream' was not honoured")
        if self.format_name != self.request.response_format:
            smaller = f"{self.request.response_format} would be too large for the reply; {self.format_name} was used"
            warnings = (*warnings, smaller)
        return warnings

    @property
    def digest(self) -> str:
        """32 hexadecimal digits that change with whatever changes the file."""
        what = f"{self.request.model_dump_json()}/{self.seed}/{self.format_name}/{self.casting.engine.name}"
        return hashlib.blake2b(what.encode(errors="surrogatepass"), digest_size=16).hexdigest()

    def script(self) -> Iterator[Utterance]:
        """The utterances, from the first."""
        return utterances(self.passages, self.casting, self.seed)

    def in_format(self, format_name: AudioFormat) -> Self:
        """The same recording as another kind of file."""
        return replace(self, format_name=format_name)


def plan_of(request: SynthesisRequest, job: Job, worker: Worker, *, streams: bool) -> Plan:
    """The plan of `request`.

    Raises:
        RequestError: the text is empty or too long, or nobody here can speak it as asked.

    """
    limit = worker.settings.max_text_chars
    if len(request.text) > limit:
        raise TextTooLong(
            f"the text has {len(request.text)} characters and this worker speaks {limit} in one request: "
            "split it over several",
            field="text",
        )
    if streams and request.delivery in ("s3", "volume"):
        raise InvalidRequest("audio is either streamed or stored: leave out 'stream' or 'delivery'", field="delivery")
    if request.stream and not streams and request.strict:
        raise UnsupportedParameter("this worker answers with one reply: leave out 'stream'", field="stream")
    casting = cast(request, worker)
    return Plan(
        request=request,
        casting=casting,
        passages=tuple(_passages(request, casting)),
        seed=request.seed if request.seed and request.seed > 0 else drawn_seed(job.id),
        format_name=request.response_format,
        streams=streams,
    )


def drawn_seed(job_id: str) -> int:
    """A seed that nobody chose, the same each time the platform delivers the same job; never 0."""
    drawn = int.from_bytes(hashlib.blake2b(job_id.encode(errors="surrogatepass"), digest_size=8).digest())
    return drawn % LARGEST_SEED + 1


def _passages(request: SynthesisRequest, casting: Casting) -> list[Passage]:
    limit_chars = min(casting.engine.capabilities.max_chars, 2 * request.chunk_size)
    return passages(
        request.text,
        language=casting.language,
        target_chars=min(request.chunk_size, limit_chars),
        limit_chars=limit_chars,
        normalise=normalise if request.normalize else _as_it_stands,
    )


def _as_it_stands(text: str, language: str) -> str:  # noqa: ARG001 - the shape of `normalise`
    return " ".join(tidy_characters(text).split())
