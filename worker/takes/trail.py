"""The trail of an utterance: who was tried, why none of them was kept, and the best that was made of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from worker.audio.clip import Clip
from worker.engines.base import Rejected, Utterance, Verdict
from worker.errors import EngineFailed
from worker.takes.company import Begun
from worker.takes.understudy import StoodIn, Understudy


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rendering:
    """An utterance that a member of the company has said."""

    number: int
    clips: list[Clip]
    verdict: Verdict

    @classmethod
    def of(cls, begun: Begun) -> Rendering:
        """What is begun, read to its end.

        Raises:
            WorkerError: as the take raises it, and EngineFailed where there is nothing to hear.

        """
        if isinstance(begun.take, Exception):
            raise begun.take
        clips = list(begun.take)
        verdict = begun.take.verdict
        if not any(clip.samples.any() for clip in clips):
            raise EngineFailed(f"the engine {verdict.engine!r} made no sound for an utterance")
        return cls(number=begun.number, clips=clips, verdict=verdict)


@dataclass(slots=True)
class Trail:
    """What was tried for one utterance."""

    because: list[str]
    """Codes of errors, names of checks: why somebody else was asked."""
    rejected: list[Rejected] = field(default_factory=list)
    failures: int = 0
    """Renderings that were begun and are not heard."""
    best: Rendering | None = None

    def reject(self, seed: int, engine: str, code: str) -> None:
        """Notes an engine that failed, or was not asked."""
        self.rejected.append(Rejected(seed=seed, engine=engine, failed=(code,)))
        self.because.append(code)

    def add(self, rendering: Rendering) -> None:
        """Keeps the rendering with fewer doubts, the earlier where they have as many, and notes the other."""
        best = self.best
        if best is None:
            self.best = rendering
            return
        if len(rendering.verdict.failed) < len(best.verdict.failed):
            self.because += best.verdict.failed
            self.best, rendering = rendering, best
        left = rendering.verdict
        self.rejected += [*left.rejected, Rejected(seed=left.seed, engine=left.engine, failed=left.failed)]
        self.failures += left.attempts

    def judged(self, best: Rendering, utterance: Utterance, understudy: Understudy | None) -> Verdict:
        """The verdict on the rendering of `utterance` that is heard, which `understudy` made unless it is None."""
        verdict = replace(
            best.verdict,
            attempts=self.failures + best.verdict.attempts,
            rejected=(*self.rejected, *best.verdict.rejected),
        )
        return StoodIn.of(verdict, understudy, utterance, tuple(self.because)) if understudy else verdict
