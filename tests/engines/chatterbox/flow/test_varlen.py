"""Attention over lengths gives what clips alone give, where a GPU has it; elsewhere it is not asked for."""

from __future__ import annotations

import pytest
import torch

from worker.engines.chatterbox.flow.varlen import works


def test_a_processor_has_no_attention_over_lengths(caplog: pytest.LogCaptureFixture) -> None:
    assert not works(torch.device("cpu"), torch.bfloat16)
    assert not caplog.records


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_on_a_gpu_lengths_work_out_to_what_clips_alone_do(caplog: pytest.LogCaptureFixture) -> None:
    assert works(torch.device("cuda"), torch.bfloat16)
    assert not caplog.records
    assert not works(torch.device("cuda"), torch.float32)
