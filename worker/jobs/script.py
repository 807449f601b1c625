"""The script: a text as utterances, each with a seed of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from voice_library.voice import Voice
from worker.engines.base import Engine, Utterance
from worker.engines.tags import stripped
from worker.errors import TextTooLong
from worker.jobs.cascade import longest_chars
from worker.jobs.casting import Casting
from worker.request import LARGEST_SEED, DirectedRequest, Priority, SpokenRequest
from worker.takes.understudy import Understudy
from worker.text.characters import tidy_characters
from worker.text.lexicon import Lexicon
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


def passages_of(
    request: SpokenRequest,
    engine: Engine,
    language: str,
    *,
    max_text_chars: int,
    voice: Voice | None = None,
    understudies: Iterable[Understudy] = (),
) -> list[Passage]:
    """The text, its words replaced by what the request's lexicon has for them, or the voice's, cut for the engine.

    Raises:
        EmptyText: nothing in it can be spoken.
        InvalidRequest: a pause tag in it is wrong.
        TextTooLong: the lexicon makes more than `max_text_chars` of it.

    """
    cutting = cutting_of(request, engine, language, understudies)
    rewriting = lexicon_of(request, engine, voice).rewrite(request.text, limit_chars=max_text_chars)
    found = passages(
        rewriting.text,
        language=language,
        target_chars=cutting.target_chars,
        limit_chars=cutting.limit_chars,
        normalise=cutting.normalise,
    )
    return [rewriting.in_source(passage) for passage in found]


def lexicon_of(request: DirectedRequest, engine: Engine, voice: Voice | None) -> Lexicon:
    """How words are said: as the request has it, else as the voice does."""
    entries = {**(voice.lexicon if voice else {}), **request.lexicon}
    return Lexicon(entries, tags=engine.capabilities.tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """How a text is cut into passages."""

    target_chars: int
    """Characters of spoken text that a passage is filled up to."""
    limit_chars: int
    """Characters that none has more of."""
    normalise: Callable[[str, str], str]
    """What is spoken for what is written, in a language."""


def cutting_of(
    request: DirectedRequest, engine: Engine, language: str, understudies: Iterable[Understudy] = ()
) -> Cutting:
    """How the engine, and those that may take over, want a text cut, as far as the request leaves them room."""
    limit_chars = min(longest_chars(engine, understudies, language), 2 * request.chunk_size)
    return Cutting(
        target_chars=min(request.chunk_size, limit_chars),
        limit_chars=limit_chars,
        normalise=partial(_spoken, normalise if request.normalize else _as_it_stands, engine.capabilities.tags),
    )


def utterances(
    spoken: Iterable[Passage], casting: Casting, seed: int, *, job: str, priority: Priority, live: bool = False
) -> Iterator[Utterance]:
    """What the cast voice says for each passage, as they are asked for; `job` is the job's id.

    `live` is for the first alone: while that is heard, the others are made.
    """
    seeds = Seeds(seed)
    for index, passage in enumerate(spoken):
        yield Utterance(
            index=index,
            text=passage.text,
            start=passage.start,
            end=passage.end,
            engine=casting.engine.name,
            voice=casting.voice,
            language=casting.direction.language,
            speed=casting.direction.engine_speed,
            options=casting.direction.options,
            seed=seeds.of(passage.text),
            lead_sec=passage.lead_sec,
            pause_sec=passage.pause_sec,
            job=job,
            priority=priority,
            live=live and not index,
        )


class Seeds:
    """Seeds of a job's utterances, which a change elsewhere in the text leaves as they are.

    Each depends on the job's seed, on what is spoken, and on how often the same was spoken before.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._spoken: dict[int, int] = {}
        """How often what was spoken, by its digest: some hundred bytes for each utterance of a job."""

    def of(self, text: str) -> int:
        """The 32-bit seed of the next utterance."""
        digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
        key = int.from_bytes(digest)
        before = self._spoken.get(key, 0)
        self._spoken[key] = before + 1
        return _digested(f"{self._seed}/{digest.hex()}/{before}")


def job_seed(asked: int | None, job_id: str) -> int:
    """The seed asked for, else one that nobody chose: the same each time the platform delivers the job; never 0."""
    if asked and asked > 0:
        return asked
    drawn = int.from_bytes(hashlib.blake2b(job_id.encode(errors="surrogatepass"), digest_size=8).digest())
    return drawn % LARGEST_SEED + 1


def utterance_seed(seed: int, index: int) -> int:
    """A 32-bit seed that depends on the job's seed and the utterance's place alone, for what has no text."""
    return _digested(f"{seed}/{index}")


def _digested(what: str) -> int:
    return int.from_bytes(hashlib.blake2b(what.encode(), digest_size=4).digest())


def _spoken(say: Callable[[str, str], str], tags: frozenset[str], written: str, language: str) -> str:
    """What is said for what is written, without the tags that the engine does not act on."""
    return say(stripped(written, tags).text, language)


def _as_it_stands(text: str, language: str) -> str:  # noqa: ARG001 - the shape of `normalise`
    return " ".join(tidy_characters(text).split())
