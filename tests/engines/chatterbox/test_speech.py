"""A take under way is settled once, cancelled at any time, and tells what went wrong by its kind."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from worker.audio.clip import Clip
from worker.engines.base import Verdict
from worker.engines.chatterbox.speech import Speech, fault
from worker.errors import Cancelled, EmptyText, EngineFailed, EnginePoisoned, OutOfMemory

CLIP = Clip(samples=np.ones(3, dtype=np.float32), sample_rate=24_000)


@pytest.fixture
def speech() -> Speech:
    return Speech(Verdict(seed=1, engine="chatterbox"))


def test_the_first_end_counts(speech: Speech) -> None:
    speech.settle(CLIP)
    speech.settle(EngineFailed("too late"))
    assert list(speech) == [CLIP]


def test_a_reader_that_waits_is_woken_by_a_cancel_from_another_thread(speech: Speech) -> None:
    timer = threading.Timer(0.02, speech.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        list(speech)
    timer.join()


def test_a_cancel_before_it_is_read_counts_even_where_the_clip_is_there(speech: Speech) -> None:
    speech.settle(CLIP)
    speech.cancel()
    with pytest.raises(Cancelled):
        list(speech)


def test_work_for_a_settled_one_is_not_begun(speech: Speech) -> None:
    speech.cancel()
    speech.attempt(lambda: pytest.fail("nobody waits for it"))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), OutOfMemory),
        (MemoryError(), OutOfMemory),
        (torch.AcceleratorError("CUDA error: device-side assert triggered"), EnginePoisoned),
        (RuntimeError("shapes"), EngineFailed),
        (EmptyText("nothing to say"), EmptyText),
    ],
)
def test_what_goes_wrong_is_raised_where_it_is_read_by_its_kind(
    error: Exception, kind: type[Exception], speech: Speech
) -> None:
    def fail() -> None:
        raise error

    speech.attempt(fail)
    with pytest.raises(kind) as raised:
        list(speech)
    assert raised.value is error or raised.value.__cause__ is error
    assert type(fault(error)) is kind
