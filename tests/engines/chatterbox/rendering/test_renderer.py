"""The renderer gives, sample for sample, the waveform of upstream's package, whatever is rendered beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
from chatterbox import mtl_tts, tts, tts_turbo, vc
from chatterbox.models.t3.modules.cond_enc import T3Cond
from torch import Tensor

from tests.engines.chatterbox.rendering.conftest import NAMES, Stage, drawn, vowels
from worker.audio.clip import Clip
from worker.engines.chatterbox.member import START_SPEECH, STOP_SPEECH
from worker.engines.chatterbox.rendering.watermark import Watermark
from worker.errors import EngineFailed, InvalidAudio

Voice = dict[str, Tensor]


@pytest.mark.parametrize(("count", "voice"), [(1, 0), (3, 1), (25, 2)])
def test_the_waveform_is_upstreams(stage: Stage, voices: list[Voice], count: int, voice: int) -> None:
    tokens = drawn(count)
    assert (stage.rendered(tokens, voices[voice]) == stage.upstream(tokens, voices[voice])).all()


@pytest.mark.parametrize(("name", "count"), [("original", 90), ("turbo", 200)])
def test_a_long_waveform_is_upstreams(
    name: str, count: int, stages: Callable[[str], Stage], voices: list[Voice]
) -> None:
    stage, tokens = stages(name), drawn(count)
    samples = stage.rendered(tokens, voices[0])
    assert len(samples) == 960 * count
    assert (samples == stage.upstream(tokens, voices[0])).all()


def test_a_voice_whose_mel_is_longer_than_its_tokens_is_rendered_as_upstream_does(
    stage: Stage, voices: list[Voice]
) -> None:
    longer = {**voices[0], "prompt_feat": torch.cat([voices[0]["prompt_feat"], torch.zeros(1, 1, 80)], dim=1)}
    assert (stage.rendered(drawn(4), longer) == stage.upstream(drawn(4), longer)).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_a_member_says_is_what_upstreams_class_says(
    name: str, stages: Callable[[str], Stage], voices: list[Voice], watermark: Watermark
) -> None:
    stage = stages(name)
    said = torch.cat([drawn(6), torch.tensor([START_SPEECH]), drawn(9, seed=1), torch.tensor([STOP_SPEECH])])
    samples = stage.rendered(stage.renderer.spoken(said), voices[0])
    assert len(samples) == 960 * (9 if stage.member.guided else 6 + 9 + 3)
    assert (watermark.mark(samples) == generated(stage, said, voices[0])).all()


def test_of_the_marks_among_the_tokens_none_is_rendered(stages: Callable[[str], Stage]) -> None:
    guided = stages("original").renderer.spoken
    assert guided(torch.tensor([5, START_SPEECH, 6, START_SPEECH, 7, 8000, STOP_SPEECH, 9])).tolist() == [6, 7]
    assert guided(torch.tensor([5, 6])).tolist() == [5, 6]
    assert guided(torch.tensor([STOP_SPEECH, 5])).tolist() == []
    turbo = stages("turbo").renderer.spoken
    assert turbo(torch.tensor([5, START_SPEECH, 6, STOP_SPEECH])).tolist() == [5, 6, 4299, 4299, 4299]


@pytest.mark.parametrize("sample_rate", [16_000, 24_000, 44_100])
@pytest.mark.filterwarnings("ignore:'(aifc|audioop|sunau)' is deprecated:DeprecationWarning")  # librosa's readers
def test_a_recording_is_converted_as_upstream_converts_it(
    stages: Callable[[str], Stage], voices: list[Voice], watermark: Watermark, tmp_path: Path, sample_rate: int
) -> None:
    stage = stages("original")
    source = Clip(samples=vowels(0.7, sample_rate), sample_rate=sample_rate)
    soundfile.write(tmp_path / "source.wav", source.samples, sample_rate, subtype="FLOAT")
    model = vc.ChatterboxVC(stage.s3gen, "cpu", {**voices[1], "prompt_feat_len": None})
    torch.manual_seed(5)
    converted = model.generate(tmp_path / "source.wav")
    tokens = stage.renderer.tokens_of(source)
    assert len(set(tokens.tolist())) > 5
    assert (watermark.mark(stage.rendered(tokens, voices[1])) == converted[0].numpy()).all()


def test_eight_threads_at_once_each_get_what_they_get_alone(stage: Stage, voices: list[Voice]) -> None:
    jobs = [(drawn(1 + index, seed=index), voices[index % 3], index) for index in range(8)]
    alone = [stage.rendered(*job) for job in jobs]
    assert (stage.rendered(*jobs[0]) == alone[0]).all()
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda job: stage.rendered(*job), jobs))
    assert all((mine == its).all() for mine, its in zip(alone, together, strict=True))


def test_torchs_own_noise_is_neither_read_nor_moved(stage: Stage, voices: list[Voice]) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = stage.rendered(drawn(3), voices[0])
    assert (torch.get_rng_state() == before).all()
    torch.manual_seed(2)
    assert (stage.rendered(drawn(3), voices[0]) == first).all()


def test_tokens_voice_and_seed_each_change_what_is_heard(stage: Stage, voices: list[Voice]) -> None:
    samples = stage.rendered(drawn(5), voices[0])
    loudness = np.sqrt(np.mean(samples**2))
    assert 0.001 < loudness < 1
    others = [
        stage.rendered(drawn(5, seed=1), voices[0]),
        stage.rendered(drawn(5), voices[1]),
        stage.rendered(drawn(5), voices[0], 6),
    ]
    assert all(np.sqrt(np.mean((samples - other) ** 2)) > 0.05 * loudness for other in others)


def test_the_first_20_ms_are_silent_and_the_next_fade_in(stage: Stage, voices: list[Voice]) -> None:
    samples = stage.rendered(drawn(3), voices[0])
    assert not samples[:480].any()
    assert samples[500:960].any()


def test_a_voice_is_left_as_it_was(stage: Stage, voices: list[Voice]) -> None:
    voice = {name: tensor.clone() for name, tensor in voices[0].items()}
    stage.rendered(drawn(3), voice)
    assert voice.keys() == voices[0].keys()
    for name, tensor in voices[0].items():
        assert voice[name].dtype == tensor.dtype
        assert torch.equal(voice[name], tensor)


def test_nothing_is_printed(stage: Stage, voices: list[Voice], capfd: pytest.CaptureFixture[str]) -> None:
    stage.rendered(drawn(3), voices[0])
    stage.renderer.tokens_of(Clip(samples=vowels(0.2, 24_000), sample_rate=24_000))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (drawn(0), "no speech token"),
        (torch.tensor([3, START_SPEECH]), "from 0 to 6560"),
        (torch.tensor([3, -1]), "from 0 to 6560"),
        (drawn(2_493), "2500, the most"),
    ],
)
def test_what_cannot_be_rendered_is_refused(stage: Stage, voices: list[Voice], tokens: Tensor, message: str) -> None:
    with pytest.raises(EngineFailed, match=message):
        stage.rendered(tokens, voices[0])


def test_audio_that_is_not_finite_is_refused(stage: Stage, voices: list[Voice]) -> None:
    broken = {**voices[0], "embedding": torch.full((1, 192), torch.nan)}
    with pytest.raises(EngineFailed, match="not finite"):
        stage.rendered(drawn(3), broken)


def test_a_recording_without_a_token_in_it_is_refused(stages: Callable[[str], Stage]) -> None:
    with pytest.raises(InvalidAudio, match="40 ms"):
        stages("original").renderer.tokens_of(Clip(samples=vowels(0.03, 44_100), sample_rate=44_100))


def test_the_table_of_positions_is_long_enough_for_whatever_is_let_in(stage: Stage) -> None:
    encoder = stage.s3gen.flow.encoder
    tables = [encoder.embed.pos_enc.pe, encoder.up_embed.pos_enc.pe]
    with torch.inference_mode():
        encoder.up_embed.pos_enc(torch.zeros(1, 5_000, 1))
        encoder.embed.pos_enc(torch.zeros(1, 2_500, 1))
    assert encoder.embed.pos_enc.pe is tables[0]
    assert encoder.up_embed.pos_enc.pe is tables[1]


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


def generated(stage: Stage, said: Tensor, voice: Mapping[str, Tensor]) -> np.ndarray:
    """What upstream's class of the member makes of what its T3 said."""
    classes = {"original": tts.ChatterboxTTS, "multilingual": mtl_tts.ChatterboxMultilingualTTS}
    made = classes.get(stage.member.name, tts_turbo.ChatterboxTurboTTS)
    condition = T3Cond(speaker_emb=torch.zeros(1, 256), emotion_adv=0.5 * torch.ones(1, 1, 1))
    known = tts.Conditionals(condition, {**voice, "prompt_feat_len": None})
    model = made(SaysTokens(said), stage.s3gen, None, ReadsNothing(), "cpu", known)
    language = {"language_id": "en"} if stage.member.name == "multilingual" else {}
    torch.manual_seed(5)
    return model.generate("Hello.", **language)[0].numpy()
