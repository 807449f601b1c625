"""The company of a speaker: whom a job asked for, the understudies, and who speaks first by now."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from worker.engines.base import Submit, Take, Utterance
from worker.engines.breaker import Breaker
from worker.engines.registry import Engines
from worker.errors import EngineFailed, EngineUnavailable, RequestError, WorkerError
from worker.logs import event
from worker.takes.understudy import Understudy

MOST_RETURNS = 1
"""How often a job goes back to whom it asked for; two voices that take turns are worse than the wrong one."""

Note = Callable[[str], None]
"""Told the code of what an engine did wrong, though the job may succeed."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Begun:
    """An utterance that a member of the company has begun, or could not begin."""

    number: int
    generation: int
    """Of its engine."""
    take: Take | WorkerError


class Company:
    """Number 0 is whom the job asked for, the others are the understudies.

    It is one job's, whose takes are read one after the other.
    """

    def __init__(self, submit: Submit, understudies: tuple[Understudy, ...], engines: Engines, note: Note) -> None:
        self._submit = submit
        self.understudies = understudies
        self.engines = engines
        self.note = note
        self.first = 0
        """Who is asked first from now on."""
        self.because: tuple[str, ...] = ()
        """Why that is not number 0."""
        self._falls = 0

    def __len__(self) -> int:
        return len(self.understudies) + 1

    def understudy(self, number: int) -> Understudy | None:
        """The understudy of that number; None for number 0."""
        return self.understudies[number - 1] if number else None

    def engine(self, number: int, utterance: Utterance) -> str:
        """The name of the engine by which `number` says the utterance."""
        understudy = self.understudy(number)
        return understudy.engine if understudy else utterance.engine

    def breaker(self, number: int, utterance: Utterance) -> Breaker:
        """Whether that engine works."""
        return self.engines.breaker(self.engine(number, utterance))

    def is_certain(self, utterance: Utterance) -> bool:
        """Whether who is first will be asked, whatever comes of the utterances before."""
        understudy = self.understudy(self.first)
        is_able = understudy is None or understudy.obstacle(utterance) is None
        return is_able and self.breaker(self.first, utterance).state == "closed"

    def begin(self, number: int, utterance: Utterance) -> Begun:
        """The utterance, under way by `number`; what goes wrong is for the one who reads it."""
        understudy = self.understudy(number)
        generation = self.engines.generation(self.engine(number, utterance))
        take: Take | WorkerError
        try:
            take = self._submit(understudy.part(utterance) if understudy else utterance)
        except (EngineFailed, EngineUnavailable, RequestError) as error:
            take = error
        return Begun(number=number, generation=generation, take=take)

    def settle(self, number: int, utterance: Utterance, because: tuple[str, ...]) -> None:
        """Decides who speaks the rest, where `number` has spoken instead of who was first."""
        if number == self.first:
            return
        self._falls += 1
        asked, spoke = self.engine(self.first, utterance), self.engine(number, utterance)
        event(logger, "fallback", utterance=utterance.index, engine=asked, understudy=spoke, because=list(because))
        if self._falls > MOST_RETURNS or self.breaker(self.first, utterance).state != "closed":
            self.first, self.because = number, because
