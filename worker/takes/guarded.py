"""Guards on the way of an utterance: a rendering is judged before it is heard, and made again while it fails."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from worker.audio.clip import Clip, concatenate
from worker.engines.base import Submit, Take, Utterance, Verdict
from worker.errors import Cancelled, EngineFailed, EnginePoisoned, OutOfMemory, RequestError, WorkerError
from worker.guards.check import Check, judged
from worker.logs import event
from worker.takes.attempt import Attempt, is_pointless, reported

OnFailure = Literal["keep", "fail"]
"""Where no rendering passes, the best is kept and its verdict says so, or the utterance fails."""
Prefer = Literal["first", "shortest"]
"""Of renderings that are equally good; a recogniser hears no babble after the text, which the shortest has least of."""

logger = logging.getLogger(__name__)


def guarded(
    submit: Submit,
    checks: Sequence[Check],
    *,
    retries: int,
    on_failure: OnFailure = "keep",
    prefer: Prefer = "first",
) -> Submit:
    """`submit`, each of whose takes is read whole, judged, and made again up to `retries` times while a check fails.

    The first rendering that passes is kept, else the best. Once an attempt gives samples that were heard before, no
    other is made. The first attempt is under way when the take is returned; others are begun by its reader.
    """

    def submit_guarded(utterance: Utterance) -> Take:
        return _GuardedTake(
            submit, utterance, _Policy(checks=tuple(checks), retries=retries, on_failure=on_failure, prefer=prefer)
        )

    return submit_guarded


def retry_seed(seed: int, attempt: int) -> int:
    """32 bits that depend on both alone; the seed itself for the first attempt, 0."""
    if not attempt:
        return seed
    return int.from_bytes(hashlib.blake2b(f"{seed}/guard {attempt}".encode(), digest_size=4).digest())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Policy:
    checks: tuple[Check, ...]
    retries: int
    on_failure: OnFailure
    prefer: Prefer


class _GuardedTake:
    """Attempts one after another; the kept one's clips."""

    def __init__(self, submit: Submit, utterance: Utterance, policy: _Policy) -> None:
        self._submit = submit
        self._utterance = utterance
        self._policy = policy
        self._lock = threading.Lock()
        self._cancelled = False
        self._take = submit(utterance)
        self._verdict: Verdict | None = None

    def __iter__(self) -> Iterator[Clip]:
        """The kept rendering's clips, once it is known.

        Raises:
            EngineFailed: no attempt gave audio, or none passed and failures are not kept.

        """
        attempts = self._attempts()
        kept = self._kept(attempts)
        self._verdict = reported(kept, attempts)
        yield from kept.clips

    @property
    def verdict(self) -> Verdict:
        """The kept rendering's, with the attempts before and after it."""
        return self._verdict or self._take.verdict

    def cancel(self) -> None:
        """Ends the attempt under way; there will be no other."""
        with self._lock:
            self._cancelled = True
            take = self._take
        take.cancel()

    def _attempts(self) -> list[Attempt]:
        """All that are made, the last of which passes unless the budget ran out."""
        attempts: list[Attempt] = []
        for number in range(self._policy.retries + 1):
            self._stop_if_cancelled()
            seeded = replace(self._utterance, seed=retry_seed(self._utterance.seed, number))
            attempt = self._attempt(seeded, attempts)
            self._log(attempt)
            attempts.append(attempt)
            if not attempt.failed or is_pointless(attempts):
                break
        return attempts

    def _attempt(self, utterance: Utterance, before: Sequence[Attempt]) -> Attempt:
        """One attempt, read and judged, or the error it ended with if another may end better."""
        try:
            if before:
                self._begin(utterance)
            clips = tuple(self._take)
        except (EnginePoisoned, OutOfMemory):
            raise
        except RequestError as error:
            if not any(attempt.is_usable for attempt in before):
                raise
            return _without_audio(utterance, error)
        except EngineFailed as error:
            return _without_audio(utterance, error)
        if not clips:
            nothing = EngineFailed(f"the engine {utterance.engine!r} made no audio for an utterance")
            return _without_audio(utterance, nothing)
        clip, verdict = concatenate(clips, clips[0].sample_rate), self._take.verdict
        findings = judged(self._policy.checks, utterance, clip, verdict)
        return Attempt(verdict=verdict, clips=clips, clip=clip, findings=findings)

    def _begin(self, utterance: Utterance) -> None:
        """Submits anew, and cancels at once where `cancel` came in between."""
        take = self._submit(utterance)
        with self._lock:
            self._take = take
            cancelled = self._cancelled
        if cancelled:
            take.cancel()

    def _log(self, attempt: Attempt) -> None:
        if not attempt.failed:
            return
        figures = {
            f"{finding.name}.{name}": round(value, 4)
            for finding in attempt.findings
            for name, value in finding.detail.items()
        }
        event(
            logger,
            "rendering rejected",
            utterance=self._utterance.index,
            engine=attempt.verdict.engine,
            seed=attempt.verdict.seed,
            failed=attempt.failed,
            **figures,
        )

    def _kept(self, attempts: Sequence[Attempt]) -> Attempt:
        usable = [attempt for attempt in attempts if attempt.is_usable]
        if not usable and (error := attempts[-1].error) is not None:
            raise error
        best = min(usable or attempts, key=self._badness)
        if best.failed and (not usable or self._policy.on_failure == "fail"):
            raise EngineFailed(
                f"the engine {best.verdict.engine!r} made an utterance {len(attempts)} times, and none passed "
                f"the checks; the best fails {', '.join(best.failed)}"
            )
        return best

    def _badness(self, attempt: Attempt) -> tuple[float, float]:
        """What a better attempt has less of; of equals, `min` takes the first."""
        return attempt.severity, attempt.duration_sec if self._policy.prefer == "shortest" else 0.0

    def _stop_if_cancelled(self) -> None:
        if self._cancelled:
            raise Cancelled("the utterance was cancelled")


def _without_audio(utterance: Utterance, error: WorkerError) -> Attempt:
    return Attempt(verdict=Verdict(seed=utterance.seed, engine=utterance.engine), error=error)
