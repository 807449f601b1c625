"""Graphs: steps of the same shape are recorded once and played from then on, which spares the host its work."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Protocol

import torch

from worker.engines.chatterbox.decoder.shape import Shape

logger = logging.getLogger(__name__)


class Recorder(Protocol):
    """What keeps work to play it again."""

    def first(self, work: Callable[[], None]) -> None:
        """Does `work`, and gets ready to record it."""

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """What does `work` again, which is not done now.

        Raises:
            RuntimeError: it cannot be recorded.

        """


class Graphs:
    """A step of any shape, played where it was recorded; what cannot be recorded is done as it is, every time."""

    def __init__(self, step: Callable[[Shape], None], recorder: Recorder, *, most: int, guided: bool) -> None:
        """`most` rows in all, of a member that is `guided` or not."""
        self._step = step
        self._recorder = recorder
        self._rounded = partial(Shape.rounded, most=most, guided=guided)
        self._plays: dict[Shape, Callable[[], None]] = {}

    def __call__(self, shape: Shape) -> None:
        """One step, of a shape that holds `shape`."""
        shape = self._rounded(shape)
        if shape in self._plays:
            self._plays[shape]()
        else:
            self.prepare(shape)

    def __contains__(self, shape: Shape) -> bool:
        """Whether steps of `shape` are played."""
        return self._rounded(shape) in self._plays

    def prepare(self, shape: Shape) -> None:
        """Does a step of `shape`, for real, and records it."""
        work = partial(self._step, shape)
        self._recorder.first(work)
        try:
            self._plays[shape] = self._recorder.record(work)
        except RuntimeError as error:
            logger.warning("a step of %d rows could not be recorded and stays slow", shape.rows, exc_info=error)
            self._plays[shape] = work


class Cuda:
    """Recorder of CUDA graphs, which share the memory that they work in: one plays at a time."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # torch does not type it
        self._pool = torch.cuda.graph_pool_handle()

    def first(self, work: Callable[[], None]) -> None:
        """On the stream that records, whose libraries are set up by it."""
        with self._aside():
            work()

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Other threads may use the device meanwhile."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
            work()
        return graph.replay

    @contextmanager
    def _aside(self) -> Iterator[None]:
        current = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            yield
        current.wait_stream(self._stream)
