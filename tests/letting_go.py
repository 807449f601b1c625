"""Models that a module of tests has loaded are let go of at its end: all together would not fit into memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def let_go() -> Iterator[None]:
    """Before anything else of the module is set up, so that it comes last when that is torn down."""
    yield
    gc.collect()
