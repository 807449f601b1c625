"""A flight: an utterance being rendered, heard by everyone who asked for it meanwhile.

It belongs to none of them. A thread of the cache reads the take, so that each listener can wait, be slow or be
cancelled without the others; the take is cancelled when the last of them has left.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextvars import Context, copy_context
from dataclasses import replace

from worker.audio.clip import Clip
from worker.cache.entry import Entry, unchangeable
from worker.engines.base import Take, Verdict
from worker.errors import Cancelled

logger = logging.getLogger(__name__)


class Flight:
    """One take that many listen to; it is read from the first one's first look on."""

    def __init__(
        self,
        *,
        find: Callable[[], Entry | None],
        render: Callable[[], Take],
        keep: Callable[[list[Clip], Verdict], None],
        leave: Callable[[Flight], None],
        readers: Executor,
    ) -> None:
        """It is rendered if it is not found, and kept once it was read to its end.

        `leave` is told when nobody may join any more; `readers` are the threads that takes are read in.
        """
        self._find = find
        self._render = render
        self._readers = readers
        self._keep = keep
        self._leave = leave
        self._context: Context = copy_context()
        """Of the job that asked first: its id stands in the log."""
        self._changed = threading.Condition()
        self._listeners = 0
        self._is_wanted = False
        self._is_abandoned = False
        self._take: Take | None = None
        self._clips: list[Clip] = []
        self._verdict: Verdict | None = None
        self._error: Exception | None = None

    def join(self) -> bool:
        """Adds a listener, who has to `part`; false where it is too late."""
        with self._changed:
            if self._is_abandoned or self._error is not None:
                return False
            self._listeners += 1
            return True

    def part(self) -> None:
        """A listener goes, and wakes if it was waiting; the last one ends it."""
        with self._changed:
            self._listeners -= 1
            self._is_abandoned = self._listeners == 0 and not self._has_ended
            is_abandoned, take = self._is_abandoned, self._take
            self._changed.notify_all()
        if is_abandoned:
            self._leave(self)
            if take is not None:
                take.cancel()

    def start(self) -> None:
        """Has the utterance under way, or found; what goes wrong is raised to those who listen."""
        try:
            entry = self._find()
            take = self._render() if entry is None and not self._is_abandoned else None
        except Exception as error:  # noqa: BLE001 - raised again in the listeners' threads
            self._end(error=error)
            return
        if entry is not None:
            self._clips = list(entry.clips)
            self._end(verdict=replace(entry.verdict, cached=True))
        elif take is not None:
            self._begun(take)

    def listen(self, has_left: Callable[[], bool]) -> Iterator[Clip]:
        """The clips from the first, as they are made.

        Raises:
            Cancelled: `has_left` became true before the end.
            Exception: what the take raised.

        """
        self._want()
        position = 0
        while (clip := self._awaited(position, has_left)) is not None:
            yield clip
            position += 1

    @property
    def verdict(self) -> Verdict | None:
        """Known once the last clip is."""
        return self._verdict

    @property
    def _has_ended(self) -> bool:
        return self._verdict is not None or self._error is not None

    def _begun(self, take: Take) -> None:
        with self._changed:
            self._take = take
            is_abandoned, is_wanted = self._is_abandoned, self._is_wanted
        if is_abandoned:
            take.cancel()
        elif is_wanted:
            self._readers.submit(self._context.copy().run, self._read, take)

    def _want(self) -> None:
        with self._changed:
            is_first, self._is_wanted = not self._is_wanted, True
            take = self._take
        if is_first and take is not None:
            self._readers.submit(self._context.copy().run, self._read, take)

    def _awaited(self, position: int, has_left: Callable[[], bool]) -> Clip | None:
        with self._changed:
            self._changed.wait_for(lambda: has_left() or self._has_ended or position < len(self._clips))
            if has_left():
                raise Cancelled("the utterance was cancelled")
            if position < len(self._clips):
                return self._clips[position]
            if self._error is not None:
                raise self._error
            return None

    def _read(self, take: Take) -> None:
        clips: list[Clip] = []
        try:
            for clip in take:
                clips.append(unchangeable(clip))
                with self._changed:
                    self._clips.append(clips[-1])
                    self._changed.notify_all()
            verdict = take.verdict
            self._keep(clips, verdict)
        except Exception as error:  # noqa: BLE001 - raised again in the listeners' threads
            self._end(error=error)
        else:
            self._end(verdict=verdict)

    def _end(self, *, verdict: Verdict | None = None, error: Exception | None = None) -> None:
        """What was kept can be found before this; so whoever can join no more finds it."""
        self._leave(self)
        with self._changed:
            self._verdict, self._error, self._take = verdict, error, None
            is_abandoned = self._is_abandoned
            self._changed.notify_all()
        if is_abandoned and error is not None and not isinstance(error, Cancelled):
            logger.warning("an utterance failed that nobody waits for any more", exc_info=error)
