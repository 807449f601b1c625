"""A take under way gives its clips as they come, is settled once, and tells what went wrong by its kind."""

from __future__ import annotations

import queue
import threading
import time

import numpy as np
import pytest
import torch

from worker.audio.clip import Clip
from worker.engines.base import Verdict
from worker.engines.chatterbox.speech import Speech, fault
from worker.errors import Cancelled, EmptyText, EngineFailed, EnginePoisoned, OutOfMemory

CLIP, NEXT, LAST = (Clip(samples=np.full(3, value, dtype=np.float32), sample_rate=24_000) for value in (1, 2, 3))


@pytest.fixture
def speech() -> Speech:
    return Speech(Verdict(seed=1, engine="chatterbox"))


def test_the_first_end_counts(speech: Speech) -> None:
    speech.settle(CLIP)
    speech.settle(EngineFailed("too late"))
    assert list(speech) == [CLIP]


def test_its_clips_come_in_order_whenever_they_are_read(speech: Speech) -> None:
    speech.give(CLIP)
    clips = iter(speech)
    assert next(clips) is CLIP
    speech.give(NEXT)
    speech.settle(LAST)
    assert list(clips) == [NEXT, LAST]
    assert list(speech) == [CLIP, NEXT, LAST]


def test_a_reader_that_waits_is_woken_by_each_clip(speech: Speech) -> None:
    read: queue.SimpleQueue[Clip] = queue.SimpleQueue()
    reader = threading.Thread(target=lambda: [read.put(clip) for clip in speech], daemon=True)
    reader.start()
    for clip in (CLIP, NEXT):
        time.sleep(0.02)  # by then it waits
        speech.give(clip)
        assert read.get(timeout=5) is clip
    speech.settle()
    reader.join(5)
    assert not reader.is_alive()


def test_an_end_without_a_clip_is_an_end(speech: Speech) -> None:
    speech.settle()
    assert speech.is_settled
    assert list(speech) == []


def test_a_clip_after_the_end_is_dropped(speech: Speech) -> None:
    speech.settle(CLIP)
    speech.give(NEXT)
    assert list(speech) == [CLIP]


def test_what_goes_wrong_after_some_clips_is_raised_behind_those_that_were_read(speech: Speech) -> None:
    speech.give(CLIP)
    clips = iter(speech)
    assert next(clips) is CLIP
    speech.give(NEXT)
    speech.settle(EngineFailed("shapes"))
    with pytest.raises(EngineFailed):  # sooner than the clip that nobody has read
        next(clips)


def test_a_reader_that_has_heard_some_is_woken_by_a_cancel(speech: Speech) -> None:
    speech.give(CLIP)
    clips = iter(speech)
    next(clips)
    timer = threading.Timer(0.02, speech.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        next(clips)
    timer.join()


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
