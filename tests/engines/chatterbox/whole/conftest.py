"""Each member whole and small: our engine, and upstream's own class, of one checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from builder.random_checkpoint import write, write_voice
from tests.engines.chatterbox.whole.upstream import Upstream
from voice_library.voice import Voice
from worker.engines.chatterbox.conditioning.builtin import builtin
from worker.engines.chatterbox.engine import Chatterbox
from worker.engines.chatterbox.member import MEMBERS, Member
from worker.engines.chatterbox.model import Model
from worker.settings import Settings

TOKENS = 24
"""Of every utterance, for random weights do not know where a text ends: 960 ms."""
FEW_TOKENS = 5
"""Where many are spoken."""
BATCH_SIZE = 4


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a member's files, below one that `TTS_MODELS_DIR` may name."""
    root = tmp_path_factory.mktemp("models")

    @cache
    def folder(name: str) -> Path:
        write(small(MEMBERS[name]), root / name)
        return root / name

    return folder


@pytest.fixture
def quick(engines: Callable[..., Chatterbox]) -> Chatterbox:
    """Nano, with little to say."""
    return engines("nano", FEW_TOKENS)


@pytest.fixture(scope="module")
def voices(engines: Callable[..., Chatterbox], tmp_path_factory: pytest.TempPathFactory) -> list[Voice]:
    """Eight, for Nano."""
    folder, engine = tmp_path_factory.mktemp("voices"), engines("nano", FEW_TOKENS)

    def voice(seed: int) -> Voice:
        write_voice(MEMBERS["nano"], folder, seed=seed)
        found = builtin(folder, MEMBERS["nano"])
        assert found
        return replace(engine.voices[0], id=f"voice-{seed}", embeddings={engine.embedding_key: found.to_embedding()})

    return [voice(seed) for seed in range(8)]


def small(member: Member) -> Member:
    if member.guided:
        return replace(member, layers=1, blocks=1)
    return replace(member, layers=2, hidden=192, blocks=1)


@pytest.fixture(scope="module")
def engines(checkpoints: Callable[[str], Path]) -> Iterator[Callable[[str], Chatterbox]]:
    with ExitStack() as stack:

        @cache
        def engine(name: str, tokens: int = TOKENS, *, watermark: bool = True) -> Chatterbox:
            folder = checkpoints(name).parent
            settings = Settings(models_dir=folder, batch_size=BATCH_SIZE, device="cpu", watermark=watermark)
            model = Model.load(MEMBERS[name], settings)
            return stack.enter_context(closing(Chatterbox(model, batch_size=BATCH_SIZE, limit=lambda _: tokens)))

        yield engine


@pytest.fixture(scope="module")
def upstreams(checkpoints: Callable[[str], Path]) -> Callable[[str], Upstream]:
    return cache(lambda name: Upstream(small(MEMBERS[name]), checkpoints(name), tokens=TOKENS))
