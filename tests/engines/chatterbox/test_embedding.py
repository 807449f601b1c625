"""The embedding: what reaches the trunk is what upstream's trunk is given."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.engines.chatterbox.conftest import Pair
from tests.engines.chatterbox.job import Job, jobs_for

ROUNDING = 1e-5
"""Of float32 sums in another order."""


def test_opening_and_text_are_what_upstream_prepares(pair: Pair) -> None:
    for job in jobs_for(pair.member):
        ours = prepared(pair, job)
        theirs = job.prepared(pair.t3)
        if pair.member.guided:
            torch.testing.assert_close(ours, theirs, atol=ROUNDING, rtol=ROUNDING)
        else:
            places = pair.t3.tfmr.wpe.weight[: ours.shape[1]]
            torch.testing.assert_close(ours, theirs[:, :-1] + places, atol=ROUNDING, rtol=ROUNDING)


def prepared(pair: Pair, job: Job) -> Tensor:
    embedding = pair.decoder(rows=1).embedding
    opening = embedding.opening(job.voice)
    text = embedding.text(job.text, after=len(opening), exaggeration=job.exaggeration)
    if job.sampling.cfg_weight == 0:
        return torch.cat([opening, text])[None]
    wordless = embedding.wordless(len(text) - 1, exaggeration=job.exaggeration)
    return torch.stack([torch.cat([opening, text]), torch.cat([opening, wordless, text[-1:]])])
