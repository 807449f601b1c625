"""The script: a text as utterances, each with a seed of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from worker.engines.base import Engine, Utterance
from worker.errors import TextTooLong
from worker.jobs.casting import Casting
from worker.request import LARGEST_SEED, SpokenRequest
from worker.text.characters import tidy_characters
from worker.text.normalise import normalise
from worker.text.passages import Passage, passages


def check_length(text: str, limit_chars: int) -> None:
    """Raises TextTooLong where a text is over the worker's limit."""
    if len(text) > limit_chars:
        raise TextTooLong(
            f"the text has {len(text)} characters and this worker speaks {limit_chars} in one request: "
            "split it over several",
            field="text",
        )


def passages_of(request: SpokenRequest, engine: Engine, language: str) -> list[Passage]:
    """The text, cut for the engine.

    Raises:
        EmptyText: nothing in it can be spoken.
        InvalidRequest: a pause tag in it is wrong.

    """
    limit_chars = min(engine.capabilities.longest(language), 2 * request.chunk_size)
    return passages(
        request.text,
        language=language,
        target_chars=min(request.chunk_size, limit_chars),
        limit_chars=limit_chars,
        normalise=normalise if request.normalize else _as_it_stands,
    )


def utterances(spoken: Iterable[Passage], casting: Casting, seed: int) -> tuple[Utterance, ...]:
    """What the cast voice says for each passage; the seeds depend on nothing beside it."""
    return tuple(
        Utterance(
            index=index,
            text=passage.text,
            start=passage.start,
            end=passage.end,
            engine=casting.engine.name,
            voice=casting.voice,
            language=casting.direction.language,
            speed=casting.direction.engine_speed,
            options=casting.direction.options,
            seed=utterance_seed(seed, index),
            lead_sec=passage.lead_sec,
            pause_sec=passage.pause_sec,
        )
        for index, passage in enumerate(spoken)
    )


def job_seed(asked: int | None, job_id: str) -> int:
    """The seed asked for, else one that nobody chose: the same each time the platform delivers the job; never 0."""
    if asked and asked > 0:
        return asked
    drawn = int.from_bytes(hashlib.blake2b(job_id.encode(errors="surrogatepass"), digest_size=8).digest())
    return drawn % LARGEST_SEED + 1


def utterance_seed(seed: int, index: int) -> int:
    """A 32-bit seed that depends on the job's seed and the utterance's place alone."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{index}".encode(), digest_size=4).digest())


def _as_it_stands(text: str, language: str) -> str:  # noqa: ARG001 - the shape of `normalise`
    return " ".join(tidy_characters(text).split())
