"""Each member small, with random weights: upstream's module and our decoder of the same file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from chatterbox.models.t3 import T3
from safetensors.torch import load_file, save_file
from torch import Tensor

from builder import upstream_modules as modules
from builder.random_checkpoint import write_t3
from tests.engines.chatterbox.job import Job, jobs_for
from tests.letting_go import let_go
from worker.engines.chatterbox import checkpoint
from worker.engines.chatterbox.decoder.decoder import Decoder
from worker.engines.chatterbox.member import MEMBERS, STOP_SPEECH, Member

__all__ = ["let_go"]

SMALL = {
    "original": replace(MEMBERS["original"], layers=2),
    "multilingual": replace(MEMBERS["multilingual"], layers=1),
    "turbo": replace(MEMBERS["turbo"], layers=3, hidden=256),
    "nano": replace(MEMBERS["nano"], layers=2, hidden=192),
}
"""The perceiver fixes the width of the guided members."""
LATE = 12
"""Which token from its end the longest job might as well stop at: one that lets some jobs end of themselves."""


class Pair:
    """One member, twice."""

    def __init__(self, member: Member, t3: T3, folder: Path) -> None:
        self.member = member
        self.t3 = t3
        self._weights = checkpoint.t3_weights(member, folder)
        self._said: dict[int, list[int]] = {}

    def decoder(self, rows: int = 8, ahead: int = 0) -> Decoder:
        """Ours, fresh."""
        return Decoder(self._weights, self.member, rows=rows, length=600, ahead=ahead)

    def upstream(self, job: Job) -> list[int]:
        """What upstream says of `job`; asked once for each seed, which no two jobs of the tests share."""
        if job.seed not in self._said:
            self._said[job.seed] = job.upstream(self.t3)
        return self._said[job.seed]


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Pair]:
    folder = tmp_path_factory.mktemp("checkpoints")

    @cache
    def pair(name: str) -> Pair:
        member = SMALL[name]
        path = write_t3(member, folder, seed=1)
        weights = load_file(path)
        let_stop(weights, member)
        save_file(weights, path)
        t3 = modules.t3(member)
        t3.load_state_dict(weights)
        t3.hp.text_tokens_dict_size = 0  # no longer known as multilingual: that loop needs thirteen layers to watch
        return Pair(member, t3.eval(), folder)

    return pair


def let_stop(weights: dict[str, Tensor], member: Member) -> None:
    """Makes stopping as likely as a token that the longest job says late, so that some jobs end of themselves."""
    decoder = Decoder(weights, member, rows=2, length=600)
    late = max(jobs_for(member), key=lambda job: job.token_limit).alone(decoder)[-LATE]
    for name in {"speech_head.weight", "speech_head.bias"} & set(weights):
        weights[name][STOP_SPEECH] = weights[name][late]


@pytest.fixture(params=list(SMALL))
def pair(request: pytest.FixtureRequest, pairs: Callable[[str], Pair]) -> Pair:
    return pairs(request.param)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other at every small operation are slower than one where cores are shared."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
