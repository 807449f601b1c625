"""How many operations a waveform costs, ours beside upstream's, and that none waits for the device."""

from __future__ import annotations

import torch

from tests.engines.chatterbox.test_dispatches import Count
from tests.engines.chatterbox.vocoder.conftest import Checkpoint, Drawn, drawn_mel
from worker.engines.chatterbox.vocoder.vocoder import Vocoder

WHOLE, PUSH = 360, 700
"""Of a waveform at once; of each push, which also keeps what later ones hear."""


@torch.inference_mode()
def test_a_waveform_costs_a_share_of_upstreams_operations_and_waits_for_none(
    checkpoint: Checkpoint, vocoder: Vocoder
) -> None:
    mel, breath = drawn_mel(4), Drawn(4)
    with Count() as ours:
        vocoder.waveform(mel, breath)
    with Count() as theirs:
        checkpoint.upstream(mel)
    assert ours.syncs == 0
    assert ours.total <= WHOLE
    assert ours.total <= 0.45 * theirs.total, (ours.total, theirs.total)


@torch.inference_mode()
def test_a_push_costs_few_operations_and_waits_for_none(vocoder: Vocoder) -> None:
    mel, stream = drawn_mel(60), vocoder.stream(Drawn(60))
    stream.push(mel[:30])
    with Count() as ours:
        stream.push(mel[30:])
    assert ours.syncs == 0
    assert ours.total <= PUSH
