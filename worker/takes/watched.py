"""Guards that only watch: for takes whose clips are heard as they are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from worker.audio.clip import Clip, concatenate
from worker.engines.base import Submit, Take, Utterance, Verdict
from worker.guards.check import Check, judged


def watched(submit: Submit, checks: Sequence[Check]) -> Submit:
    """`submit`, whose takes pass their clips on as they are made; what the checks find is in the verdict."""

    def submit_watched(utterance: Utterance) -> Take:
        return _WatchedTake(submit(utterance), tuple(checks), utterance)

    return submit_watched


class _WatchedTake:
    """A take whose verdict says what the checks find."""

    def __init__(self, take: Take, checks: tuple[Check, ...], utterance: Utterance) -> None:
        self._take = take
        self._checks = checks
        self._utterance = utterance
        self._failed: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Clip]:
        """The clips as they come; judged after the last."""
        clips: list[Clip] = []
        for clip in self._take:
            clips.append(clip)
            yield clip
        if clips:
            whole = concatenate(clips, clips[0].sample_rate)
            findings = judged(self._checks, self._utterance, whole, self._take.verdict)
            self._failed = tuple(finding.name for finding in findings)

    @property
    def verdict(self) -> Verdict:
        """The take's own, and what failed."""
        verdict = self._take.verdict
        return replace(verdict, failed=(*verdict.failed, *self._failed))

    def cancel(self) -> None:
        """Cancels the take."""
        self._take.cancel()
