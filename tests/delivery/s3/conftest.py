"""Stores of the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.delivery.s3.store import Store


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One for all tests that leave it alive; each writes keys of its own."""
    base = tmp_path_factory.mktemp("s3")
    running = Store(base / "data", base / "log")
    yield running
    running.kill()


@pytest.fixture
def own_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One for a test that kills it."""
    base = tmp_path_factory.mktemp("s3")
    running = Store(base / "data", base / "log")
    yield running
    running.kill()
