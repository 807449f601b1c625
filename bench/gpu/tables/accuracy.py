"""How far the logits of the reduced precisions are from the reference's, after the same prompts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from bench.gpu.crowd import Crowd, Said, Variant, variants
from bench.gpu.record import Row
from bench.gpu.setup import Setup
from bench.gpu.weights import weights
from worker.engines.chatterbox.arithmetic.precision import REFERENCE
from worker.engines.chatterbox.checkpoint import Weights
from worker.engines.chatterbox.member import Member

HEADING = ("member", "precision", "side by side", "texts", "relative error", "worst text", "same likeliest", "finite")
TEXTS, SMALL_TEXTS = 32, 4
"""Of which each gives the logits of its first token: what comes later hangs on what was drawn."""
CROWDS, SMALL_CROWDS = (1, 16), (1, 2)
"""A device may compute many rows otherwise than one."""
FIRST_USES = {"index_select", "div"}
"""Guidance compares rows of logits; without it the temperature divides them."""
EXACT = Variant(precision=REFERENCE, graphs=False)


def rows(setup: Setup) -> Iterator[Row | str]:
    """‖logits − reference's‖ / ‖reference's‖, before guidance, over all texts; the reference is computed one by one."""
    yield "random weights: the figures compare precisions and say nothing of what is heard"
    crowds = SMALL_CROWDS if setup.small else CROWDS
    for member in setup.members:
        made = weights(member, setup.device)
        reference = _logits(made, member, EXACT, setup, crowds[0])
        for variant in (each for each in variants(setup) if not each.graphs):
            for utterances in crowds:
                if variant != EXACT or utterances > 1:
                    found = _logits(made, member, variant, setup, utterances)
                    yield _row(member, variant, utterances, found, reference)


def _row(member: Member, variant: Variant, utterances: int, found: Tensor, reference: Tensor) -> Row:
    far = (found - reference).norm(dim=1) / reference.norm(dim=1)
    return {
        "member": member.name,
        "precision": variant.precision.name,
        "side by side": utterances,
        "texts": len(found),
        "relative error": float((found - reference).norm() / reference.norm()),
        "worst text": float(far.max()),
        "same likeliest": float((found.argmax(1) == reference.argmax(1)).float().mean()),
        "finite": "yes" if found.isfinite().all() else "no",
    }


def _logits(made: Weights, member: Member, variant: Variant, setup: Setup, utterances: int) -> Tensor:
    """Of the first token of each text: float32 `[texts, vocabulary]`."""
    crowd = Crowd(made, member, variant, setup, utterances=utterances, tokens=2)
    found = []
    for first in range(0, SMALL_TEXTS if setup.small else TEXTS, utterances):
        for seed in range(first, first + utterances):
            said = Said.drawn(member, setup.device, ids=setup.text_ids - seed % 4, seed=seed)
            crowd.admit(crowd.prompt(said), seed=seed)
        with Heard(member.speech_vocabulary) as heard:
            crowd.steps(1)
        found.append(heard.logits[:: 2 if member.guided else 1][:utterances])
        crowd.disperse()
    return torch.cat(found)


class Heard(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch does not type it
    """Keeps the numbers of each row and token where they are first used: the logits, before guidance or temperature."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch does not type it
        self._vocabulary = vocabulary
        self._found: Tensor | None = None

    @property
    def logits(self) -> Tensor:
        """Of every row: float32 `[rows, vocabulary]`."""
        if self._found is None:
            raise ValueError("the step computed nothing of the vocabulary's size")
        return self._found

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if self._found is None and func.__name__.partition(".")[0] in FIRST_USES and self._is_logits(args[0]):
            self._found = args[0].float().clone()
        return func(*args, **kwargs or {})

    def _is_logits(self, given: object) -> bool:
        return isinstance(given, Tensor) and given.is_floating_point() and given.shape[1:] == (self._vocabulary,)
