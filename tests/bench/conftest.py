"""Benchmarks load models of several kinds, and say nothing but their tables."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.letting_go import let_go

__all__ = ["let_go"]


@pytest.fixture(autouse=True)
def logs_again() -> Iterator[None]:
    """A benchmark is a process of its own, and switches logs off for good."""
    yield
    logging.disable(logging.NOTSET)
