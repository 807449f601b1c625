"""Live takes: heard as they are made, and made whole instead where that fails before anything was heard."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace

from worker.audio.clip import Clip
from worker.engines.base import Submit, Take, Utterance, Verdict
from worker.errors import EngineFailed
from worker.logs import event

logger = logging.getLogger(__name__)


def live_or(submit: Submit, otherwise: Submit) -> Submit:
    """`submit` for live utterances; `otherwise` for the others, and for a live one that failed before its first clip.

    What failed later has failed: a listener cannot be made to forget what he heard.
    """

    def submit_live(utterance: Utterance) -> Take:
        return _LiveTake(submit, otherwise, utterance) if utterance.live else otherwise(utterance)

    return submit_live


class _LiveTake:
    """A live take, or the one that stands in for it."""

    def __init__(self, submit: Submit, otherwise: Submit, utterance: Utterance) -> None:
        self._otherwise = otherwise
        self._utterance = utterance
        self._lock = threading.Lock()
        self._cancelled = False
        self._take = submit(utterance)

    def __iter__(self) -> Iterator[Clip]:
        """The clips as they come."""
        is_heard = False
        try:
            for clip in self._take:
                is_heard = True
                yield clip
        except EngineFailed as error:
            if is_heard:
                raise
            event(logger, "a live utterance is made whole", utterance=self._utterance.index, code=error.code)
            yield from self._whole()

    @property
    def verdict(self) -> Verdict:
        """Of whichever was heard."""
        return self._take.verdict

    def cancel(self) -> None:
        """Ends it; there will be no other."""
        with self._lock:
            self._cancelled = True
            take = self._take
        take.cancel()

    def _whole(self) -> Take:
        take = self._otherwise(replace(self._utterance, live=False))
        with self._lock:
            self._take = take
            cancelled = self._cancelled
        if cancelled:
            take.cancel()
        return take
