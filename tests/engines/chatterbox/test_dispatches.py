"""How many operations a token costs, ours beside upstream's; on a server's processor these are what takes the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from torch.utils._python_dispatch import TorchDispatchMode

from builder import upstream_modules as modules
from builder.random_checkpoint import write_t3
from tests.engines.chatterbox.conftest import SMALL, Pair
from tests.engines.chatterbox.job import Job
from worker.engines.chatterbox import checkpoint
from worker.engines.chatterbox.decoder.decoder import Decoder
from worker.engines.chatterbox.decoder.sampling import Sampling
from worker.engines.chatterbox.member import MEMBERS

VIEWS = {
    *("view", "_unsafe_view", "reshape", "_reshape_alias", "expand", "expand_as", "slice", "select", "detach", "alias"),
    *("transpose", "t", "numpy_T", "permute", "unsqueeze", "squeeze", "unbind", "split", "chunk", "unflatten"),
    *("flatten", "as_strided", "lift_fresh", "view_as_complex"),
}
"""Operations that compute nothing."""
DEFAULTS = {
    "original": Sampling(temperature=0.8, repetition_penalty=1.2, min_p=0.05, cfg_weight=0.5),
    "turbo": Sampling(temperature=0.8, repetition_penalty=1.2, top_p=0.95, top_k=1000),
}
TOKENS = 12


SYNCS = {"_local_scalar_dense", "is_nonzero", "nonzero", "masked_select", "equal"}
"""Operations whose result the host waits for."""


class Count(TorchDispatchMode):
    """Counts the operations that reach the dispatcher while it is on, views left out."""

    total = 0
    syncs = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.__name__.partition(".")[0]
        self.total += name not in VIEWS
        self.syncs += name in SYNCS
        return func(*args, **kwargs or {})


def per_token(name: str, layers: int, folder: Path, jobs: int) -> tuple[float, float]:
    """Ours, with `jobs` side by side, and upstream's: the difference between a long job and a short one."""
    member = replace(SMALL[name], layers=layers)
    write_t3(member, folder)
    weights = checkpoint.t3_weights(member, folder)
    decoder = Decoder(weights, member, rows=2 * jobs, length=600)
    t3 = modules.t3(member).eval()
    counts = []
    for limit in (2, 2 + TOKENS):
        job = Job.drawn(member, 3, DEFAULTS[name], words=8, token_limit=limit)
        opening = decoder.opening(job.voice)
        with Count() as ours:
            slots = [replace(job, seed=seed).admitted(decoder, opening) for seed in range(jobs)]
            while slots[0].end is None:
                decoder.step()
        for slot in slots:
            decoder.release(slot)
        with Count() as theirs:
            job.upstream(t3)
        counts.append((ours.total, theirs.total))
    (ours_short, theirs_short), (ours_long, theirs_long) = counts
    return (ours_long - ours_short) / (TOKENS * jobs), (theirs_long - theirs_short) / TOKENS


@pytest.mark.parametrize(
    ("name", "jobs", "most", "share"),
    [("original", 1, 357, 0.3), ("original", 16, 24, 0.02), ("turbo", 1, 243, 0.5), ("turbo", 16, 17, 0.04)],
)
def test_a_token_of_a_full_model_costs_few_operations_and_a_share_of_upstreams(
    name: str, jobs: int, most: float, share: float, tmp_path: Path
) -> None:
    one, two = (per_token(name, layers, tmp_path, jobs) for layers in (1, 2))
    more = MEMBERS[name].layers - 1
    ours, theirs = (first + more * (second - first) for first, second in zip(one, two, strict=True))
    assert ours <= most
    assert ours <= share * theirs, (ours, theirs)


@pytest.mark.parametrize("name", ["original", "turbo"])
def test_no_operation_of_an_utterance_waits_for_the_device(name: str, pairs: Callable[[str], Pair]) -> None:
    pair = pairs(name)
    job = Job.drawn(pair.member, 3, DEFAULTS[name], words=8, token_limit=2 + TOKENS)
    decoder = pair.decoder(rows=2, ahead=4)
    prompt = job.prompt(decoder)
    with Count() as ours:
        slot = decoder.admit(prompt, job.sampling, seed=job.seed, token_limit=job.token_limit)
        while slot.end is None:
            decoder.step()
    with Count() as theirs:
        job.upstream(pair.t3)
    assert ours.syncs == 0
    assert theirs.syncs >= TOKENS
