"""Each frame sees its neighbours within its own clip, and zeros beyond."""

from __future__ import annotations

import torch

from worker.engines.chatterbox.flow.encoder import WIDTH
from worker.engines.chatterbox.flow.frames import AHEAD, Frames
from worker.engines.chatterbox.flow.relative import distances, shifted, within

GIVEN = torch.arange(1.0, 7.0)[:, None]


def seen(frames: Frames) -> list[list[int]]:
    return frames.neighbours(GIVEN).int().tolist()


def test_a_causal_frame_sees_two_before_it_and_none_of_another_clip() -> None:
    assert seen(Frames.of([4, 1, 1], GIVEN)) == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4], [0, 0, 5], [0, 0, 6]]


def test_a_frame_that_looks_ahead_sees_three_behind_it_and_none_of_another_clip() -> None:
    expected = [[1, 2, 3, 4], [2, 3, 4, 0], [3, 4, 0, 0], [4, 0, 0, 0], [5, 6, 0, 0], [6, 0, 0, 0]]
    assert seen(Frames.of([4, 2], GIVEN, AHEAD)) == expected


def test_a_second_copy_is_another_clip() -> None:
    assert seen(Frames.of([3], GIVEN, copies=2)) == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [0, 0, 4], [0, 4, 5], [4, 5, 6]]


def test_clips_lie_one_behind_the_other() -> None:
    assert [(clip.start, clip.stop) for clip in Frames.of([3, 1, 2], GIVEN)] == [(0, 3), (3, 4), (4, 6)]


def test_scores_by_distance_are_shifted_to_those_by_key() -> None:
    far = torch.arange(4, -5, -1)
    by_key = shifted(far.repeat(2, 5, 1), 5)
    assert torch.equal(by_key, (torch.arange(5)[:, None] - torch.arange(5)).expand(2, 5, 5))
    assert torch.equal(shifted(far[5 - 4 : 9 - 2].repeat(2, 1), 5), by_key[0, 2:4])


def test_a_shorter_clips_distances_are_the_middle_of_a_longer_ones() -> None:
    assert torch.equal(within(distances(50, WIDTH, torch.device("cpu")), 7), distances(7, WIDTH, torch.device("cpu")))


def test_ends_are_those_of_all_copies() -> None:
    assert Frames.of([3, 1], GIVEN, copies=2).ends.tolist() == [0, 3, 4, 7, 8]
