"""A blend's speaker lies between those of its parts; its speech is that of the largest."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch
from chatterbox.models.voice_encoder import VoiceEncoder
from torch.nn import functional

from tests.engines.chatterbox.conditioning.drawn import drawn
from voice_library.voice import Embedding
from worker.engines.chatterbox.conditioning.blend import blended
from worker.engines.chatterbox.conditioning.conditioning import FIELDS, SPEAKER, X_VECTOR, Conditioning
from worker.engines.chatterbox.member import MEMBERS
from worker.errors import UnsupportedVoice

MEMBER = MEMBERS["original"]
ROUNDING = 1e-6
"""A few steps of single precision."""


def changed(conditioning: Conditioning, speaker: np.ndarray, x_vector: np.ndarray) -> Conditioning:
    arrays = {SPEAKER: np.resize(speaker, 256), X_VECTOR: np.resize(x_vector, 192)}
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    return Conditioning.from_embedding(Embedding({**conditioning.to_embedding(), **arrays}), MEMBER)


def pointing(seed: int, axis: int, *, length: float = 1.0) -> Conditioning:
    """Somebody whose embeddings have one number that is not 0."""
    return changed(drawn(seed), np.eye(256)[axis], length * np.eye(192)[axis])


def arrays(conditioning: Conditioning) -> list[bytes]:
    return [getattr(conditioning, name).tobytes() for name in FIELDS]


def test_the_speaker_is_the_mean_direction_at_length_one() -> None:
    blend = blended([pointing(1, 0), pointing(2, 1)], [0.75, 0.25], MEMBER)
    assert blend.speaker[:3] == pytest.approx(np.array([3, 1, 0]) / np.sqrt(10), abs=ROUNDING)
    assert np.linalg.norm(blend.speaker) == pytest.approx(1, abs=ROUNDING)


def test_the_x_vector_is_the_mean_direction_at_the_mean_length() -> None:
    blend = blended([pointing(1, 0, length=10), pointing(2, 1, length=2)], [0.75, 0.25], MEMBER)
    assert blend.x_vector[:3] == pytest.approx(8 * np.array([3, 1, 0]) / np.sqrt(10), abs=8 * ROUNDING)


def test_speakers_of_equal_shares_are_what_upstream_makes_of_several_recordings() -> None:
    parts = [drawn(seed) for seed in range(3)]
    parts = [changed(part, part.speaker / np.linalg.norm(part.speaker), part.x_vector) for part in parts]
    upstream = VoiceEncoder.utt_to_spk_embed(np.stack([part.speaker for part in parts]))
    assert blended(parts, [1 / 3] * 3, MEMBER).speaker == pytest.approx(upstream, abs=ROUNDING)


def test_what_the_flow_takes_of_the_x_vector_does_not_depend_on_how_long_the_parts_are() -> None:
    parts = [drawn(seed) for seed in range(2)]
    longer = [parts[0], changed(parts[1], parts[1].speaker, 9 * parts[1].x_vector)]
    heard = [
        functional.normalize(torch.tensor(blended(each, [0.5, 0.5], MEMBER).x_vector), dim=0)
        for each in (parts, longer)
    ]
    torch.testing.assert_close(*heard)


def test_it_is_nearer_to_the_larger_part() -> None:
    one, other = drawn(1), drawn(2)
    for name in ("speaker", "x_vector"):
        nearness = [
            float(np.dot(getattr(one, name), vector) / np.linalg.norm(vector))
            for share in (0.1, 0.3, 0.5, 0.7, 0.9)
            for vector in [getattr(blended([one, other], [share, 1 - share], MEMBER), name)]
        ]
        assert nearness == sorted(nearness)
        assert len(set(nearness)) == 5


@pytest.mark.parametrize(("shares", "largest"), [([0.3, 0.4, 0.3], 1), ([0.4, 0.2, 0.4], 0), ([0.2, 0.4, 0.4], 1)])
def test_tokens_and_mel_are_those_of_the_largest_part_of_equals_the_first(shares: list[float], largest: int) -> None:
    parts = [drawn(seed, tokens=40 + seed, prompt=30 + seed) for seed in range(3)]
    blend = blended(parts, shares, MEMBER)
    for name in ("prompt", "tokens", "mel"):
        assert np.array_equal(getattr(blend, name), getattr(parts[largest], name))


def test_the_order_of_the_parts_does_not_show_in_any_bit() -> None:
    parts = list(zip([drawn(seed) for seed in range(4)], [0.1, 0.45, 0.15, 0.3], strict=True))
    blends = {tuple(arrays(blended(*zip(*order, strict=True), MEMBER))) for order in permutations(parts)}
    assert len(blends) == 1


def test_the_order_does_not_show_where_the_parts_cancel_and_only_rounding_is_left() -> None:
    one, other = np.random.default_rng(1).integers(-99, 99, (2, 60)) / 256
    shared = np.ones(12)
    vectors = [np.concatenate([*order, shared]) for order in permutations([one, other, -one - other])]
    parts = [changed(drawn(1), drawn(1).speaker, vector) for vector in vectors[::2]]  # in each place each of them
    blends = {blended(order, [1 / 3] * 3, MEMBER).x_vector.tobytes() for order in permutations(parts)}
    assert len(blends) == 1


def test_what_is_the_same_in_all_parts_is_the_same_in_the_blend() -> None:
    part = drawn(1)
    assert arrays(blended([part], [1.0], MEMBER)) == arrays(part)
    assert arrays(blended([part, drawn(1), part], [0.2, 0.7, 0.1], MEMBER)) == arrays(part)
    elsewhere = changed(drawn(2), part.speaker, part.x_vector)
    assert arrays(blended([part, elsewhere], [0.3, 0.7], MEMBER)) == arrays(elsewhere)


def test_opposites_have_nobody_between_them_unless_one_has_more_weight() -> None:
    one = drawn(1)
    for opposite in (changed(one, -one.speaker, one.x_vector), changed(one, one.speaker, -one.x_vector)):
        with pytest.raises(UnsupportedVoice, match=r"opposites.* give one of them more weight") as caught:
            blended([one, opposite], [0.5, 0.5], MEMBER)
        assert caught.value.field == "voice"
        heavier = blended([one, opposite], [0.6, 0.4], MEMBER)
        assert heavier.x_vector == pytest.approx(one.x_vector, rel=1e-5)


def test_numbers_beyond_all_measure_are_refused_and_not_made() -> None:
    wide, narrow = changed(drawn(1), np.ones(256), 1e4 * np.ones(192)), pointing(2, 0, length=1e4)
    with pytest.raises(UnsupportedVoice, match=r"gen\.embedding has values .* over 10000"):
        blended([wide, narrow], [0.5, 0.5], MEMBER)
