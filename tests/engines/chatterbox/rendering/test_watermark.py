"""The watermark is upstream's, is found again, and leaves length and level as they were."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import perth
import pytest
import soundfile
import torch

from tests.engines.chatterbox.rendering.conftest import Stage, drawn, vowels
from worker.audio.clip import Clip, Samples
from worker.audio.encode import encode_file
from worker.engines.chatterbox.rendering.watermark import Watermark
from worker.errors import EngineUnavailable

RATE = 24_000


@pytest.fixture(scope="module")
def upstream() -> perth.PerthImplicitWatermarker:
    return perth.PerthImplicitWatermarker()


def test_whole_tokens_are_marked_as_upstream_marks_them(
    watermark: Watermark, upstream: perth.PerthImplicitWatermarker
) -> None:
    for tokens in (1, 3, 25):
        samples = vowels(tokens * 0.04, RATE)
        assert (watermark.mark(samples) == upstream.apply_watermark(samples, sample_rate=RATE)).all()


def test_what_is_rendered_and_marked_is_found_to_be(
    watermark: Watermark, upstream: perth.PerthImplicitWatermarker, stage: Stage, voices: list[dict[str, torch.Tensor]]
) -> None:
    samples = stage.rendered(drawn(25), voices[0])
    assert upstream.get_watermark(samples, sample_rate=RATE) == 0.0
    assert upstream.get_watermark(watermark.mark(samples), sample_rate=RATE) == 1.0


@pytest.mark.parametrize("name", ["wav", "flac", "mp3", "ogg", "opus"])
def test_the_mark_outlasts_our_own_encoding(
    name: str, watermark: Watermark, upstream: perth.PerthImplicitWatermarker
) -> None:
    plain = vowels(3, RATE)
    for samples, found in ((plain, 0.0), (watermark.mark(plain), 1.0)):
        decoded, rate = encoded_as(name, samples)
        assert upstream.get_watermark(decoded, sample_rate=rate) == found


@pytest.mark.parametrize("count", [0, 1, 100, 767, 768, 769, 959, 24_001])
@pytest.mark.parametrize("sample_rate", [RATE, 22_050])
def test_the_length_is_kept(count: int, sample_rate: int, watermark: Watermark) -> None:
    samples = vowels(2, sample_rate)[:count]
    marked = watermark.mark(samples, sample_rate)
    assert (marked.shape, marked.dtype) == (samples.shape, np.float32)
    assert np.isfinite(marked).all()


def test_a_clip_of_an_odd_length_is_marked_to_its_end(
    watermark: Watermark, upstream: perth.PerthImplicitWatermarker
) -> None:
    samples = vowels(2.0, RATE)[:-101]
    marked = watermark.mark(samples)
    assert upstream.get_watermark(marked, sample_rate=RATE) == 1.0
    assert np.abs(marked[-139:]).max() > 0.1 * np.abs(samples[-139:]).max()


def test_loud_audio_stays_within_full_scale(watermark: Watermark, upstream: perth.PerthImplicitWatermarker) -> None:
    samples = vowels(1, RATE)
    samples *= 0.99 / np.abs(samples).max()
    loud = np.clip(4 * samples, -0.99, 0.99)
    theirs = upstream.apply_watermark(loud, sample_rate=RATE)
    assert np.abs(theirs).max() > 1
    assert (watermark.mark(loud) == np.clip(theirs, -1, 1)).all()


def test_silence_stays_silent(watermark: Watermark) -> None:
    assert np.abs(watermark.mark(np.zeros(4_800, dtype=np.float32))).max() < 1e-6


def test_the_audio_handed_in_is_left_as_it_was(watermark: Watermark) -> None:
    samples = vowels(0.4, RATE)
    before = samples.copy()
    watermark.mark(samples)
    assert (samples == before).all()


def test_eight_threads_at_once_each_get_what_they_get_alone(watermark: Watermark) -> None:
    clips = [vowels(0.4 + 0.1 * index, RATE) for index in range(8)]
    alone = [watermark.mark(clip) for clip in clips]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(watermark.mark, clips * 4))
    assert all((mine == its).all() for mine, its in zip(alone * 4, together, strict=True))


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    Watermark().mark(vowels(0.1, RATE))
    assert capfd.readouterr() == ("", "")


def test_a_package_that_lacks_its_own_needs_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perth, "PerthImplicitWatermarker", None)  # as its own import leaves it then
    with pytest.raises(EngineUnavailable, match=r'pip install "setuptools<81"'):
        Watermark()


def encoded_as(name: str, samples: Samples) -> tuple[Samples, int]:
    """The audio, and its rate, that is read back of a file of format `name`."""
    file = io.BytesIO()
    encode_file([Clip(samples=samples, sample_rate=RATE)], name, sample_rate=RATE, into=file)
    return soundfile.read(io.BytesIO(file.getvalue()), dtype="float32")
