"""Tokenizer files of every member, written once, and what upstream makes of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from builder.random_tokenizer import write
from tests.engines.chatterbox.text.upstream import Ids, ids
from worker.engines.chatterbox.member import MEMBERS, Member


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    root = tmp_path_factory.mktemp("tokenizers")

    @cache
    def folder(name: str) -> Path:
        write(MEMBERS[name], root / name)
        return root / name

    return folder


@pytest.fixture(scope="session")
def upstream(folders: Callable[[str], Path]) -> Callable[[str], Ids]:
    return cache(lambda name: ids(MEMBERS[name], folders(name)))


@pytest.fixture(params=list(MEMBERS))
def member(request: pytest.FixtureRequest) -> Member:
    return MEMBERS[request.param]
