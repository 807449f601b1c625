"""Whether an utterance says the same tokens alone and in company of every size."""

from __future__ import annotations

from collections.abc import Iterator

from bench.gpu.crowd import Crowd, Said, Variant, cases
from bench.gpu.record import Row
from bench.gpu.setup import Setup
from bench.gpu.weights import weights
from worker.engines.chatterbox.checkpoint import Weights
from worker.engines.chatterbox.member import Member

HEADING = ("member", "precision", "CUDA graphs", "others", "same tokens", "of", "equal")
TOKENS = 48
SMALL_TOKENS = 3
OTHERS = (1, 7, 31)
SMALL_OTHERS = (1, 2)
SEED = 1000
"""Of the utterance that is compared."""


def rows(setup: Setup) -> Iterator[Row | str]:
    """For each crowd how many tokens are the same before the first that is not."""
    yield "the others began earlier, have other texts and other seeds, and sit in the rows before it"
    for member, variant in cases(setup):
        made = weights(member, setup.device)
        alone = _tokens(made, member, variant, setup, 0)
        for others in SMALL_OTHERS if setup.small else OTHERS:
            found = _tokens(made, member, variant, setup, others)
            same = next(
                (at for at, (one, other) in enumerate(zip(alone, found, strict=True)) if one != other), len(alone)
            )
            yield {
                "member": member.name,
                **variant.cells,
                "others": others,
                "same tokens": same,
                "of": len(alone),
                "equal": "yes" if same == len(alone) else "no",
            }


def _tokens(made: Weights, member: Member, variant: Variant, setup: Setup, others: int) -> list[int]:
    """What the utterance says beside so many others."""
    tokens = SMALL_TOKENS if setup.small else TOKENS
    crowd = Crowd(made, member, variant, setup, utterances=others + 1, tokens=2 * tokens + setup.ahead)
    for seed in range(others):
        said = Said.drawn(member, setup.device, ids=setup.text_ids - seed % 4, seed=seed)
        crowd.admit(crowd.prompt(said), seed=seed)
        crowd.steps(1 if seed % 8 == 0 else 0)
    slot = crowd.admit(crowd.prompt(), seed=SEED, tokens=tokens)
    while slot.end is None:
        crowd.steps(1)
    crowd.disperse()
    return slot.tokens
