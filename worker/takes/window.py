"""A window over a script that several read in turn: takes are under way before they are asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from worker.audio.clip import Clip
from worker.engines.base import Submit, Take, Utterance, Verdict


class Window:
    """Hands out takes in the order of the script, with at most `ahead` under way while one of them is read.

    So readers of a script, one after the other, keep an engine as busy as one reader would.
    """

    def __init__(self, script: Iterable[Utterance], submit: Submit, *, ahead: int) -> None:
        self._script = iter(script)
        self._submit = submit
        self._ahead = ahead
        self._waiting: deque[tuple[Utterance, Take]] = deque()
        self._reading = 0
        """Takes handed out and not read to their end."""

    def submit(self, utterance: Utterance) -> Take:
        """The take of `utterance`, which is the next of the script.

        Raises:
            ValueError: it is another one.

        """
        self._begin(max(1, self._ahead - self._reading))
        expected, take = self._waiting.popleft() if self._waiting else (None, None)
        if take is None or expected is not utterance:
            raise ValueError("utterances are asked for in the order of the script")
        self._reading += 1
        return _Counted(take, self)

    def close(self) -> None:
        """Cancels the takes nobody has asked for."""
        while self._waiting:
            self._waiting.popleft()[1].cancel()

    def release(self) -> None:
        """Notes that a take is no longer read."""
        self._reading -= 1

    def refill(self) -> None:
        """Has as many takes under way as there is room for."""
        self._begin(self._ahead - self._reading)

    def _begin(self, count: int) -> None:
        """Has `count` takes waiting, or all that are left."""
        while len(self._waiting) < count and (utterance := next(self._script, None)) is not None:
            self._waiting.append((utterance, self._submit(utterance)))


class _Counted:
    """A take that tells its window when it has been read."""

    def __init__(self, take: Take, window: Window) -> None:
        self._take = take
        self._window = window

    def __iter__(self) -> Iterator[Clip]:
        try:
            yield from self._take
        finally:
            self._window.release()
        self._window.refill()

    @property
    def verdict(self) -> Verdict:
        return self._take.verdict

    def cancel(self) -> None:
        self._take.cancel()
