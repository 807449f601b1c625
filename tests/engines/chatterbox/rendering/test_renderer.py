"""The renderer gives the waveform of upstream's package, whatever is rendered beside it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from chatterbox import mtl_tts, tts, tts_turbo
from chatterbox.models.t3.modules.cond_enc import T3Cond
from torch import Tensor

from tests.engines.chatterbox.rendering.conftest import CPU, NAMES, Stage, drawn, reference, voice
from worker.engines.chatterbox.conditioning.placed import Heard
from worker.engines.chatterbox.member import START_SPEECH, STOP_SPEECH
from worker.engines.chatterbox.rendering.noise import Indexed
from worker.errors import EngineFailed

SAMPLE = 3e-4
"""Largest difference of a sample from upstream's, which adds up the turns of a voice in single precision: 2.5e-5 in the
first second, and 1.7e-4 after four."""
MEL = 1e-5
"""Largest difference of a mel from the same one drawn alone: a matrix is multiplied with another number of rows."""


@pytest.mark.parametrize(("count", "number"), [(1, 0), (3, 1), (25, 2)])
def test_the_waveform_is_upstreams(stage: Stage, voices: list[Heard], count: int, number: int) -> None:
    samples = stage.rendered(drawn(count), voices[number])
    assert len(samples) == 960 * count
    np.testing.assert_allclose(samples, stage.upstream(drawn(count), voices[number]), rtol=0, atol=SAMPLE)


@pytest.mark.parametrize(("name", "count"), [("original", 60), ("turbo", 100)])
def test_a_long_waveform_is_upstreams(
    name: str, count: int, stages: Callable[[str], Stage], voices: list[Heard]
) -> None:
    samples = stages(name).rendered(drawn(count), voices[0])
    np.testing.assert_allclose(samples, stages(name).upstream(drawn(count), voices[0]), rtol=0, atol=SAMPLE)


def test_a_voice_whose_mel_is_longer_than_its_tokens_is_rendered_as_upstream_does(stage: Stage) -> None:
    longer = voice(0, 8, more=1)
    expected = stage.upstream(drawn(4), longer)
    np.testing.assert_allclose(stage.rendered(drawn(4), longer), expected, rtol=0, atol=SAMPLE)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_member_says_is_what_upstreams_class_says(
    name: str, stages: Callable[[str], Stage], voices: list[Heard]
) -> None:
    stage = stages(name)
    said = [*drawn(6), START_SPEECH, *drawn(9, seed=1), STOP_SPEECH]
    samples = stage.rendered(stage.renderer.sound(said), voices[0])
    assert len(samples) == 960 * (9 if stage.member.guided else 6 + 9 + 3)
    np.testing.assert_allclose(samples, generated(stage, said, voices[0]), rtol=0, atol=SAMPLE)


def test_of_the_marks_among_the_tokens_none_is_rendered(stages: Callable[[str], Stage]) -> None:
    guided = stages("original").renderer.sound
    assert guided([5, START_SPEECH, 6, START_SPEECH, 7, 8000, STOP_SPEECH, 9]) == [6, 7]
    assert guided([5, 6]) == [5, 6]
    assert guided([STOP_SPEECH, 5]) == []
    turbo = stages("turbo").renderer.sound
    assert turbo([5, START_SPEECH, 6, STOP_SPEECH]) == [5, 6, 4299, 4299, 4299]


@pytest.mark.parametrize("name", ["original", "turbo"])
def test_of_what_goes_on_nothing_is_added(name: str, stages: Callable[[str], Stage]) -> None:
    assert stages(name).renderer.sound([5, 7000, 6], ended=False) == [5, 6]


def test_several_are_drawn_together_as_each_is_alone(stage: Stage, voices: list[Heard]) -> None:
    pieces = [
        stage.piece(drawn(count, seed), voices[number], seed, ended=ended)
        for seed, (count, number, ended) in enumerate(((9, 0, True), (1, 2, True), (15, 1, False), (4, 0, True)))
    ]
    alone = [stage.renderer.mels([piece])[0] for piece in pieces]
    assert [len(mel) for mel in alone] == [18, 2, 24, 8]
    together = stage.renderer.mels(pieces)
    for mine, its in zip(alone, together, strict=True):
        torch.testing.assert_close(its, mine, rtol=0, atol=MEL)
    for mine, its in zip(alone, reversed(stage.renderer.mels(pieces[::-1])), strict=True):
        torch.testing.assert_close(its, mine, rtol=0, atol=MEL)


def test_the_last_tokens_of_what_goes_on_are_only_looked_at(stage: Stage, voices: list[Heard]) -> None:
    mel, other, longer = (
        stage.renderer.mels([stage.piece(tokens, voices[0], ended=False)])[0]
        for tokens in (drawn(12), [*drawn(11), 3], [*drawn(12), 3])
    )
    assert [len(each) for each in (mel, other, longer)] == [18, 18, 20]
    assert not torch.equal(mel, other)


def test_eight_threads_at_once_each_get_what_they_get_alone(stage: Stage, voices: list[Heard]) -> None:
    jobs = [(drawn(1 + index, seed=index), voices[index % 3], index) for index in range(8)]
    alone = [stage.rendered(*job) for job in jobs]
    assert (stage.rendered(*jobs[0]) == alone[0]).all()
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda job: stage.rendered(*job), jobs))
    assert all((mine == its).all() for mine, its in zip(alone, together, strict=True))


def test_torchs_own_noise_is_neither_read_nor_moved(stage: Stage, voices: list[Heard]) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = stage.rendered(drawn(3), voices[0])
    assert (torch.get_rng_state() == before).all()
    torch.manual_seed(2)
    assert (stage.rendered(drawn(3), voices[0]) == first).all()


def test_tokens_voice_and_seed_each_change_what_is_heard(stage: Stage, voices: list[Heard]) -> None:
    samples = stage.rendered(drawn(5), voices[0])
    loudness = np.sqrt(np.mean(samples**2))
    assert 0.001 < loudness < 1
    others = [
        stage.rendered(drawn(5, seed=1), voices[0]),
        stage.rendered(drawn(5), voices[1]),
        stage.rendered(drawn(5), voices[0], 6),
    ]
    assert all(np.sqrt(np.mean((samples - other) ** 2)) > 0.05 * loudness for other in others)


def test_the_first_20_ms_are_silent_and_the_next_fade_in(stage: Stage, voices: list[Heard]) -> None:
    samples = stage.rendered(drawn(3), voices[0])
    assert not samples[:480].any()
    assert samples[500:960].any()


def test_a_voice_is_left_as_it_was(stage: Stage, voices: list[Heard]) -> None:
    before = {field.name: getattr(voices[0], field.name).clone() for field in fields(Heard)}
    stage.rendered(drawn(3), voices[0])
    for name, tensor in before.items():
        assert torch.equal(getattr(voices[0], name), tensor)


def test_nothing_is_printed(stage: Stage, voices: list[Heard], capfd: pytest.CaptureFixture[str]) -> None:
    stage.rendered(drawn(3), voices[0])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("tokens", "ended", "message"),
    [
        ([], True, "no speech token"),
        ([3, START_SPEECH], True, "from 0 to 6560"),
        ([3, -1], True, "from 0 to 6560"),
        (drawn(2_493), True, "2500, the most"),
        ([1, 2, 3], False, "too few to render"),
    ],
)
def test_what_cannot_be_rendered_is_refused(
    stage: Stage, voices: list[Heard], tokens: list[int], ended: bool, message: str
) -> None:
    with pytest.raises(EngineFailed, match=message):
        stage.renderer.mels([stage.piece(tokens, voices[0], ended=ended)])


def test_audio_that_is_not_finite_is_refused(stage: Stage, voices: list[Heard]) -> None:
    broken = replace(voices[0], x_vector=torch.full((192,), torch.nan))
    (mel,) = stage.renderer.mels([stage.piece(drawn(3), broken)])
    with pytest.raises(EngineFailed, match="not finite"):
        stage.renderer.waveform(mel, Indexed(5, CPU))


class SaysTokens:
    """Stands where T3 would, and says what it was given."""

    hp = SimpleNamespace(start_text_token=255, stop_text_token=0)

    def __init__(self, said: Tensor) -> None:
        self._said = said

    def inference(self, **_: object) -> Tensor:
        return self._said[None]

    def inference_turbo(self, **_: object) -> Tensor:
        return self._said


class ReadsNothing:
    """Stands where a tokenizer would."""

    def text_to_tokens(self, *_: object, **__: object) -> Tensor:
        return torch.zeros(1, 3, dtype=torch.long)

    def __call__(self, *_: object, **__: object) -> SimpleNamespace:
        return SimpleNamespace(input_ids=torch.zeros(1, 3, dtype=torch.long))


def generated(stage: Stage, said: list[int], voice: Heard) -> np.ndarray:
    """What upstream's class of the member makes of what its T3 said."""
    classes = {"original": tts.ChatterboxTTS, "multilingual": mtl_tts.ChatterboxMultilingualTTS}
    made = classes.get(stage.member.name, tts_turbo.ChatterboxTurboTTS)
    condition = T3Cond(speaker_emb=torch.zeros(1, 256), emotion_adv=0.5 * torch.ones(1, 1, 1))
    known = tts.Conditionals(condition, reference(voice))
    model = made(SaysTokens(torch.tensor(said)), stage.s3gen, None, ReadsNothing(), "cpu", known)
    language = {"language_id": "en"} if stage.member.name == "multilingual" else {}
    model.watermarker = SimpleNamespace(apply_watermark=lambda samples, sample_rate: samples)  # noqa: ARG005 - as it is
    torch.manual_seed(5)
    return model.generate("Hello.", **language)[0].numpy()
