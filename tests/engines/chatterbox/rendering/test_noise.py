"""Noise is upstream's, draw for draw, or goes by its place: then it is the same however it is asked for."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from worker.engines.chatterbox.rendering.noise import BLOCK_FRAMES, BLOCK_SAMPLES, Drawn, Indexed, Noise
from worker.engines.chatterbox.vocoder.excitation import MULTIPLES

CPU = torch.device("cpu")
SEED = 7


def drawn(*, meanflow: bool) -> Drawn:
    return Drawn(torch.Generator().manual_seed(SEED), CPU, meanflow=meanflow)


def samples(noise: Noise, start: int, stop: int) -> Tensor:
    return noise.breath(None).normal(MULTIPLES, start, stop)


@pytest.mark.parametrize("meanflow", [False, True])
def test_drawn_noise_is_what_upstream_draws_in_that_order(meanflow: bool) -> None:
    noise = drawn(meanflow=meanflow)
    start, breath = noise.start(6, 4), noise.breath(960)
    torch.manual_seed(SEED)
    utterance = torch.randn(1, 80, 4) if meanflow else None  # `S3Token2Mel.inference`
    expected = torch.randn(1, 80, 10)  # `CausalConditionalCFM.forward`
    if utterance is not None:
        expected[:, :, 6:] = utterance
    turns = torch.distributions.Uniform(low=-torch.pi, high=torch.pi).sample((1, MULTIPLES, 1))  # `SineGen.forward`
    hiss = torch.randn(1, MULTIPLES, 960)
    assert torch.equal(start, expected[0].t())
    torch.testing.assert_close(breath.phases(MULTIPLES), turns[0, :, 0], rtol=0, atol=1e-6)
    assert torch.equal(breath.normal(MULTIPLES, 0, 960), hiss[0])
    assert torch.equal(breath.normal(MULTIPLES, 480, 500), hiss[0, :, 480:500])


def test_drawn_noise_is_for_whole_utterances() -> None:
    with pytest.raises(ValueError, match="whole utterances"):
        drawn(meanflow=False).breath(None)


def test_a_frame_has_its_noise_however_many_follow_and_whatever_voice_it_is_in() -> None:
    count = 2 * BLOCK_FRAMES + 7
    whole = Indexed(SEED, CPU).start(20, count)
    assert whole.shape == (20 + count, 80)
    for spoken in (0, 1, BLOCK_FRAMES, BLOCK_FRAMES + 1):
        assert torch.equal(Indexed(SEED, CPU).start(20, spoken), whole[: 20 + spoken])
    assert torch.equal(Indexed(SEED, CPU).start(3, count)[3:], whole[20:])
    assert torch.equal(Indexed(SEED, CPU).start(0, count), whole[20:])


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 1), (BLOCK_SAMPLES - 1, BLOCK_SAMPLES + 1), (BLOCK_SAMPLES, 2 * BLOCK_SAMPLES), (5, 5), (100, 30_000)],
)
def test_a_sample_has_its_noise_in_whatever_stretch_it_is_asked_for(start: int, stop: int) -> None:
    whole = samples(Indexed(SEED, CPU), 0, 30_000)
    assert torch.equal(samples(Indexed(SEED, CPU), start, stop), whole[:, start:stop])


def test_asking_twice_gives_the_same() -> None:
    noise = Indexed(SEED, CPU)
    assert torch.equal(noise.start(4, 9), noise.start(4, 9))
    assert torch.equal(noise.breath(None).phases(9), noise.breath(960).phases(9))
    assert torch.equal(samples(noise, 3, 50), samples(noise, 3, 50))


def test_no_two_parts_of_it_are_alike() -> None:
    noise = Indexed(SEED, CPU)
    start = noise.start(BLOCK_FRAMES, 2 * BLOCK_FRAMES)
    parts = [*start.split(BLOCK_FRAMES), Indexed(SEED + 1, CPU).start(0, BLOCK_FRAMES)]
    parts += samples(noise, 0, 2 * BLOCK_SAMPLES)[:, :: BLOCK_SAMPLES // 4000].reshape(-1, BLOCK_FRAMES, 80)[:6]
    for index, one in enumerate(parts):
        for other in parts[:index]:
            alike = float((one * other).mean())
            assert abs(alike) < 0.1


def test_it_is_gaussian_and_its_phases_are_anywhere_in_a_turn() -> None:
    noise = Indexed(SEED, CPU)
    for drawn in (noise.start(200, 400), samples(noise, 0, 20_000)):
        assert abs(float(drawn.mean())) < 0.02
        assert abs(float(drawn.std()) - 1) < 0.02
    phases = torch.stack([Indexed(seed, CPU).phases(MULTIPLES) for seed in range(200)])
    assert phases.min() < -3 < 3 < phases.max()
    assert -torch.pi <= phases.min() <= phases.max() <= torch.pi
    assert abs(float(phases.mean())) < 0.15


@pytest.mark.parametrize("noise", [Indexed(SEED, CPU), drawn(meanflow=True)])
def test_torchs_own_chance_is_neither_read_nor_moved(noise: Noise) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    noise.start(3, 4)
    noise.breath(960).normal(MULTIPLES, 0, 960)
    assert torch.equal(torch.get_rng_state(), before)
