"""The embedding: what reaches the trunk is what upstream's trunk is given."""

from __future__ import annotations

import torch

from tests.engines.chatterbox.conftest import Pair
from tests.engines.chatterbox.job import jobs_for

ROUNDING = 1e-5
"""Of float32 sums in another order."""


def test_a_prompt_is_what_upstream_prepares(pair: Pair) -> None:
    for job in jobs_for(pair.member):
        guided = job.sampling.cfg_weight > 0
        ours = pair.decoder(rows=1).embedding.prompt(job.voice, job.text, guided=guided)
        theirs = job.prepared(pair.t3)
        if pair.member.guided:
            torch.testing.assert_close(ours, theirs, atol=ROUNDING, rtol=ROUNDING)
        else:
            places = pair.t3.tfmr.wpe.weight[: ours.shape[1]]
            torch.testing.assert_close(ours, theirs[:, :-1] + places, atol=ROUNDING, rtol=ROUNDING)
