"""As many utterances side by side as there is memory for, at most as many as are wanted; the numbers are told."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch

from worker.engines.chatterbox import memory, prompts
from worker.engines.chatterbox.layout import published
from worker.engines.chatterbox.member import MEMBERS, Member
from worker.errors import EngineUnavailable

CPU = torch.device("cpu")
LENGTH = 1600
WEIGHTS_BYTES = 1000
"""Of each file."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for member in MEMBERS.values():
        for name in published(member).needed:
            (tmp_path / name).write_bytes(bytes(WEIGHTS_BYTES))
    return tmp_path


def utterance_bytes(member: Member, cache: torch.dtype = torch.float32) -> int:
    return (2 if member.guided else 1) * memory.row_bytes(member, length=LENGTH, cache=cache)


def fixed_bytes(member: Member) -> int:
    return memory.WORKING_BYTES + WEIGHTS_BYTES * len(published(member).needed)


@pytest.mark.parametrize("name", ["original", "turbo", "nano"])
@pytest.mark.parametrize(("given", "fitting"), [(1, 1), (5, 5), (5.9, 5), (8, 8), (80, 8)])
def test_what_is_left_after_the_weights_is_shared_out_among_utterances(
    name: str, given: float, fitting: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = MEMBERS[name]
    free = fixed_bytes(member) + memory.KEPT_BYTES + int(given * utterance_bytes(member))
    monkeypatch.setattr(memory, "free_bytes", lambda _: free)
    assert memory.room(member, folder, CPU, most=8, length=LENGTH) == fitting


def test_a_single_one_is_spoken_where_voices_are_not_kept_for_long(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = MEMBERS["turbo"]
    monkeypatch.setattr(memory, "free_bytes", lambda _: fixed_bytes(member) + utterance_bytes(member))
    assert memory.room(member, folder, CPU, most=64, length=LENGTH) == 1
    assert memory.KEPT_BYTES >= prompts.KEPT_BYTES


def test_a_cache_of_half_precision_takes_half(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    member = MEMBERS["turbo"]
    free = fixed_bytes(member) + memory.KEPT_BYTES + 4 * utterance_bytes(member)
    monkeypatch.setattr(memory, "free_bytes", lambda _: free)
    assert memory.room(member, folder, CPU, most=64, length=LENGTH, cache=torch.bfloat16) == 8


def test_keys_and_values_take_what_a_cache_of_them_does() -> None:
    member = MEMBERS["nano"]
    cache = torch.empty(member.layers, 1, LENGTH, 2, member.hidden // 64, 64, device="meta")
    assert memory.row_bytes(member, length=LENGTH) == cache.nbytes


def test_a_smaller_batch_is_told_with_its_numbers_and_a_full_one_is_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    member = MEMBERS["original"]
    free = fixed_bytes(member) + memory.KEPT_BYTES + 3 * utterance_bytes(member)
    monkeypatch.setattr(memory, "free_bytes", lambda _: free)
    caplog.set_level(logging.WARNING)
    memory.room(member, folder, CPU, most=3, length=LENGTH)
    assert not caplog.records
    memory.room(member, folder, CPU, most=64, length=LENGTH)
    (record,) = caplog.records
    assert "memory for fewer utterances side by side than TTS_BATCH_SIZE" in record.message
    figures = record.figures  # type: ignore[attr-defined]  # the JSON line has them
    assert (figures["engine"], figures["batch_size"], figures["wanted"]) == ("chatterbox", 3, 64)
    assert figures["utterance_gib"] == round(utterance_bytes(member) / 2**30, 2)


def test_where_not_even_one_fits_the_engine_is_refused_with_the_numbers(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = MEMBERS["original"]
    monkeypatch.setattr(memory, "free_bytes", lambda _: fixed_bytes(member) + utterance_bytes(member) - 1)
    with pytest.raises(EngineUnavailable, match=r"chatterbox: it needs 1\.\d\d GiB on cpu .* and 1\.\d\d GiB are free"):
        memory.room(member, folder, CPU, most=64, length=LENGTH)
