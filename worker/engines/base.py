"""The seam: an utterance in, a take out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from re import Pattern
from typing import Protocol

from voice_library.voice import Voice
from worker.audio.clip import Clip
from worker.errors import Cancelled
from worker.request import EngineOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What an engine says in one call."""

    index: int
    """Its place in the text, from 0."""
    text: str
    """What is spoken; never blank."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How an utterance was rendered in the end."""

    seed: int
    engine: str
    attempts: int = 1


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
    ahead: int = 1
    """Utterances of one job worth having under way at once."""
    unreadable: Mapping[str, Pattern[str]] = field(default_factory=dict)
    """By primary language subtag, the characters it cannot read aloud."""

    def speaks(self, language: str) -> bool:
        """Whether `language` is among the engine's, in any region."""
        return primary_subtag(language) in {primary_subtag(known) for known in self.languages}


class Engine(Protocol):
    """A loaded text-to-speech engine. It keeps no voice between calls."""

    name: str
    sample_rate: int
    """Hertz of the clips its takes yield."""
    device: str
    """Where it computes: "cpu", "cuda:0"."""
    capabilities: Capabilities
    voices: tuple[Voice, ...]
    """The voices it brings itself; their ids begin with the engine's name."""

    def can_speak(self, voice: Voice) -> bool:
        """Whether it has a realisation of `voice`."""

    def submit(self, utterance: Utterance) -> Take:
        """Returns at once; an engine that batches has the take under way already."""

    def close(self) -> None:
        """Frees what the engine holds; its takes must be finished or cancelled."""


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
