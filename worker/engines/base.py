"""The seam: an utterance in, a take out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from voice_library.voice import Embedding, Reference, Voice
from worker.audio.clip import Clip
from worker.audio.reference import ReferenceLimits
from worker.errors import Cancelled
from worker.request import EngineOptions, Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What an engine says in one call."""

    index: int
    """Its place in the text, from 0."""
    text: str
    """What is spoken; never blank, but where a recording says what is to be said."""
    start: int
    """Where its span begins in the source text, in code points."""
    end: int
    """Where its span ends, exclusive."""
    engine: str
    voice: Voice
    language: str
    """BCP-47 tag of the text."""
    speed: float = 1.0
    """Within the engine's `speed_range`; 2 is twice as fast."""
    options: EngineOptions = field(default_factory=EngineOptions)
    seed: int = 0
    lead_sec: float = 0.0
    """Silence before it."""
    pause_sec: float = 0.0
    """Silence after it."""
    job: str = ""
    """Whose it is: an engine that speaks for many at once lets none of them wait for another's book."""
    priority: Priority = "normal"
    """A wish about time; an engine that does not schedule pays no heed to it."""
    live: bool = False
    """Whether somebody listens while it is made: an engine that can yields its first clips before it knows the last,
    which sound a little different from the same utterance made whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A rendering of an utterance that was not kept."""

    seed: int
    engine: str
    failed: tuple[str, ...]
    """Names of the checks it failed, or the code of the error it ended with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How an utterance was rendered in the end."""

    seed: int
    engine: str
    attempts: int = 1
    end: Literal["complete", "token_limit"] = "complete"
    """Whether the engine came to the end of the text, or stopped at the longest audio it makes of one utterance."""
    speech_tokens: tuple[int, ...] | None = field(default=None, repr=False)
    """What it was made of, for engines that speak in tokens."""
    failed: tuple[str, ...] = ()
    """Names of the checks that the rendering fails though it was kept."""
    rejected: tuple[Rejected, ...] = ()
    """Renderings before it, in the order they were made."""
    cached: bool = False
    """Whether it had been rendered before."""


class Take(Protocol):
    """One rendering of an utterance; iterate it once."""

    def __iter__(self) -> Iterator[Clip]:
        """Clips in order as they are made; at least one.

        Raises:
            Cancelled: `cancel` came before the end.
            EngineFailed: the engine gave up.

        """

    @property
    def verdict(self) -> Verdict:
        """How it was rendered; known once the last clip has been read."""

    def cancel(self) -> None:
        """Frees what the take holds and wakes a reader that waits; from any thread, any number of times."""


Submit = Callable[[Utterance], Take]
"""The shape of an engine's `submit`, and of everything that is stacked on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an engine can do; requests are checked against it before anything is rendered."""

    languages: frozenset[str]
    """Lower-case BCP-47 tags; `speaks` matches a region to its language."""
    parameters: frozenset[str] = frozenset()
    """Names of the `EngineOptions` it honours."""
    speed_range: tuple[float, float] = (1.0, 1.0)
    """Slowest and fastest speed it renders itself; the rest is stretched afterwards."""
    max_chars: int
    """Longest text of one utterance, in characters."""
    max_chars_in: Mapping[str, int] = field(default_factory=dict)
    """The same by primary language subtag, where a script says more, or needs more room, in a character."""
    ahead: int = 1
    """Utterances of one job worth having under way at once."""
    live: bool = False
    """Whether a live utterance's take yields clips before the utterance is whole."""
    watermark: bool = False
    """Whether what it makes says of itself, inaudibly, that it is synthetic."""
    tags: frozenset[str] = frozenset()
    """Words that, in brackets, it acts on rather than reads: `[laugh]`."""

    def speaks(self, language: str) -> bool:
        """Whether `language` is among the engine's, in any region."""
        return primary_subtag(language) in {primary_subtag(known) for known in self.languages}

    def longest(self, language: str) -> int:
        """Longest text of one utterance in `language`, in characters."""
        return self.max_chars_in.get(primary_subtag(language), self.max_chars)


class Engine(Protocol):
    """A loaded text-to-speech engine. It keeps no voice between calls."""

    name: str
    sample_rate: int
    """Hertz of the clips its takes yield."""
    device: str
    """Where it computes: "cpu", "cuda:0"."""
    revision: str
    """Changes with whatever makes it speak differently: its library, its weights, our own code for it."""
    capabilities: Capabilities
    voices: tuple[Voice, ...]
    """The voices it brings itself; their ids begin with the engine's name."""

    def can_speak(self, voice: Voice) -> bool:
        """Whether it has a realisation of `voice`."""

    def remarks(self, text: str, language: str) -> tuple[str, ...]:
        """What of `text` it does not speak as it is written, for the one who wrote it; nothing of the text is in it."""

    def submit(self, utterance: Utterance) -> Take:
        """Returns at once; an engine that batches has the take under way already."""

    def close(self) -> None:
        """Frees what the engine holds; its takes must be finished or cancelled."""


@runtime_checkable
class CloningEngine(Engine, Protocol):
    """An engine that speaks as anybody it has heard."""

    embedding_key: str
    """Under which a voice keeps what this engine, with these weights, derived from its reference."""
    reference_limits: ReferenceLimits

    def enroll(self, reference: Reference) -> Embedding:
        """What it needs to speak as the speaker of `reference`; the same recording gives the same arrays.

        `can_speak` a voice that has this, whose arrays are not looked at before they are used, and one that has a
        reference, which is enrolled when it is first used.

        Raises:
            InvalidReference: there is nothing in it to go by.

        """

    def fits(self, embedding: Embedding) -> bool:
        """Whether the arrays, found under `embedding_key`, are what it needs; to be asked of what a caller sent."""

    def warm(self, voice: Voice) -> None:
        """Derives now what it needs when it first speaks as `voice`, so that nobody waits for it then.

        Returns once all of it is there, at once where it is there already; none of it is kept for ever.

        Raises:
            UnsupportedVoice: there is nothing of it that the engine can use.
            InvalidReference: there is nothing in its recording to go by.
            EngineFailed: the device failed at it.

        """


@runtime_checkable
class BlendingEngine(CloningEngine, Protocol):
    """An engine that speaks as somebody between several it has heard."""

    def blend(self, parts: Sequence[tuple[Voice, float]]) -> Embedding:
        """Somebody between the voices, nearer to those of more weight, as an embedding that `fits`.

        Weights are over 0 and need not sum to one. Parts that are all alike give that part's own arrays. What cannot
        be mixed is the part's of the greatest weight, of equals the first's; else their order changes nothing.

        Raises:
            InvalidRequest: there are no parts, or a weight is not over 0.
            UnsupportedVoice: there is nothing of one of them that the engine can use, or nobody is between them.
            InvalidReference: there is nothing in a recording to go by.
            EngineFailed: the device failed at it.

        """


@runtime_checkable
class BatchingEngine(Engine, Protocol):
    """An engine that speaks utterances of all jobs side by side."""

    @property
    def row_limit(self) -> int:
        """Rows of its batch that may be in use: fewer for a while where memory ran out."""

    @property
    def rows_in_use(self) -> int:
        """Rows that utterances hold now; guided ones hold two."""


@runtime_checkable
class ConvertingEngine(Engine, Protocol):
    """An engine that says again, in another voice, what a recording says."""

    max_source_sec: float
    """Longest recording it converts in one go."""

    def convert(self, source: Clip, voice: Voice, *, seed: int) -> Take:
        """Returns at once; the take's clips are at the engine's sample rate."""


class LazyTake:
    """A take rendered in its reader's thread, when it is read."""

    def __init__(self, verdict: Verdict, render: Callable[[threading.Event], Iterable[Clip]]) -> None:
        """`render` gets the event that `cancel` sets, and stops soon after it is set."""
        self.verdict = verdict
        self._render = render
        self._cancelled = threading.Event()

    def __iter__(self) -> Iterator[Clip]:
        """Clips as `render` yields them."""
        self._stop_if_cancelled()
        for clip in self._render(self._cancelled):
            self._stop_if_cancelled()
            yield clip

    def cancel(self) -> None:
        """Makes the reader raise at the next clip."""
        self._cancelled.set()

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled("the utterance was cancelled")


def primary_subtag(language: str) -> str:
    """The language of a BCP-47 tag without script or region: 'pt' of 'pt-BR'."""
    return language.replace("_", "-").partition("-")[0].lower()
