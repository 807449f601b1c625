"""Calls that many threads ask for at the same time, and that are made once for all of them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

from voice_library.errors import VoiceLibraryError

Result = TypeVar("Result")


class SharedCalls(Generic[Result]):
    """Whoever asks while a call is under way shares the next one: no result is older than the question."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[Hashable, deque[Future[Result]]] = {}
        """By key, the call under way and the one after it."""

    def call(self, key: Hashable, make: Callable[[], Result]) -> Result:
        """What `make` gives, or raises, to the one thread that makes the call for all who share it."""
        with self._lock:
            under_way = self._lines.setdefault(key, deque())
            shared = under_way[1] if len(under_way) > 1 else None
            before = tuple(under_way)
            mine: Future[Result] = Future()
            if shared is None:
                under_way.append(mine)
        if shared is not None:
            return shared.result()
        wait(before)
        return self._make(key, mine, make)

    def _make(self, key: Hashable, mine: Future[Result], make: Callable[[], Result]) -> Result:
        try:
            result = make()
        except VoiceLibraryError as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(result)
            return result
        finally:
            with self._lock:
                self._lines[key].popleft()
                if not self._lines[key]:
                    del self._lines[key]
            mine.cancel()
