"""espeak-ng: languages, voices, controls and the traps of its library."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import espeakng_loader
import numpy as np
import psutil
import pytest

from voice_library.voice import Voice
from worker.engines.base import Utterance
from worker.engines.espeak.engine import EspeakEngine, load
from worker.engines.espeak.library import EspeakLibrary
from worker.errors import EngineUnavailable, UnreadableText
from worker.jobs.context import Worker
from worker.request import EngineOptions
from worker.settings import Settings

WITHOUT_DIGITS = {"espeak-chr", "espeak-cv", "espeak-sjn"}


@pytest.fixture(scope="module")
def engine(worker: Worker) -> EspeakEngine:
    espeak = worker.engines["espeak"]
    assert isinstance(espeak, EspeakEngine)
    return espeak


def voiced(**realisation: str | int) -> Voice:
    settings: Mapping[str, str | int | float] = {"voice": "en-us", **realisation}
    return Voice(id="test", names=("Test",), language="en-US", gender="female", engines={"espeak": settings})


def saying(text: str, *, voice: Voice | None = None, language: str = "en-US", **fields: object) -> Utterance:
    utterance = Utterance(
        index=0, text=text, start=0, end=len(text), engine="espeak", voice=voice or voiced(), language=language
    )
    return replace(utterance, **fields)  # type: ignore[arg-type]


def audio(engine: EspeakEngine, utterance: Utterance) -> np.ndarray:
    return np.concatenate([clip.samples for clip in engine.submit(utterance)])


def pitch_hz(samples: np.ndarray, sample_rate: int) -> float:
    """The strongest periodicity between 50 and 250 Hz in the middle of a vowel."""
    middle = samples[len(samples) // 2 :][: sample_rate // 5]
    correlation = np.correlate(middle, middle, "full")[len(middle) - 1 :]
    shortest, longest = sample_rate // 250, sample_rate // 50
    return sample_rate / (shortest + int(np.argmax(correlation[shortest:longest])))


def test_every_installed_language_is_spoken(engine: EspeakEngine) -> None:
    assert len(engine.voices) > 130
    for voice in engine.voices:
        text = "ala mana" if voice.id in WITHOUT_DIGITS else "1 2 3"
        heard = audio(engine, saying(text, voice=voice, language=voice.language))
        assert np.abs(heard).max() > 0.05, voice.id


def test_text_that_makes_no_sound_is_an_error(engine: EspeakEngine) -> None:
    cherokee = next(voice for voice in engine.voices if voice.id == "espeak-chr")
    with pytest.raises(UnreadableText, match="script"):
        audio(engine, saying("1 2 3", voice=cherokee, language="chr"))


@pytest.mark.parametrize(
    ("language", "spoken_as"),
    [("zh", "cmn"), ("zh-CN", "cmn"), ("no", "nb"), ("es-MX", "es-419"), ("pt_BR", "pt-br"), ("de-AT", "de")],
)
def test_usual_tags_reach_espeaks_own(engine: EspeakEngine, language: str, spoken_as: str) -> None:
    assert engine.capabilities.speaks(language)
    text = "1 2 3 4 5"
    tagged = audio(engine, saying(text, language=language))
    assert np.array_equal(tagged, audio(engine, saying(text, language=spoken_as)))


def test_a_voice_keeps_its_variant_in_another_language(engine: EspeakEngine) -> None:
    plain, female = voiced(), voiced(variant="f3")
    french = audio(engine, saying("bonjour tout le monde", voice=female, language="fr"))
    assert not np.array_equal(french, audio(engine, saying("bonjour tout le monde", voice=plain, language="fr")))
    assert not np.array_equal(french, audio(engine, saying("bonjour tout le monde", voice=female)))


@pytest.mark.parametrize("realisation", [{"variant": "nosuch"}, {"variant": "../../en"}, {"voice": "klingon"}])
def test_realisations_espeak_would_accept_in_silence_are_refused(
    engine: EspeakEngine, realisation: dict[str, str]
) -> None:
    assert not engine.can_speak(voiced(**realisation))


def test_speed_follows_the_rate(engine: EspeakEngine) -> None:
    text = "the quick brown fox jumps over the lazy dog"
    normal, double = (len(audio(engine, saying(text, speed=speed))) for speed in (1.0, 2.0))
    assert normal / double == pytest.approx(2, rel=0.15)  # espeak-ng's rate is nominal


def test_pitch_option_moves_the_fundamental(engine: EspeakEngine) -> None:
    low, high = (
        pitch_hz(audio(engine, saying("ahhh", speed=0.5, options=EngineOptions(pitch=pitch))), engine.sample_rate)
        for pitch in (0, 99)
    )
    assert high > 1.5 * low


def test_word_gap_option_lengthens_speech(engine: EspeakEngine) -> None:
    text = "one two three four"
    assert len(audio(engine, saying(text, options=EngineOptions(word_gap=20)))) > 1.3 * len(audio(engine, saying(text)))


def test_the_seed_is_heard_in_a_breathy_variant_and_nowhere_else(engine: EspeakEngine) -> None:
    breathy = [audio(engine, saying("hello", voice=voiced(variant="f3"), seed=seed)) for seed in (1, 2)]
    plain = [audio(engine, saying("hello", seed=seed)) for seed in (1, 2)]
    assert not np.array_equal(*breathy)
    assert np.array_equal(*plain)


def test_a_nul_does_not_cut_the_text(engine: EspeakEngine) -> None:
    assert len(audio(engine, saying("one\0two three"))) == len(audio(engine, saying("one two three")))


def test_a_data_path_too_long_for_espeak_is_no_hindrance(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 150)
    deep.mkdir()
    data = deep / "espeak-ng-data"
    data.symlink_to(espeakng_loader.get_data_path(), target_is_directory=True)
    library = EspeakLibrary(Path(espeakng_loader.get_library_path()), data)
    assert len(library.voices) > 130
    library.close()


def test_closing_leaves_no_folder_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    espeak = load("espeak", Settings())
    assert len(list(tmp_path.iterdir())) == 1
    espeak.close()
    assert list(tmp_path.iterdir()) == []


def test_missing_data_and_broken_libraries_are_typed_errors(tmp_path: Path) -> None:
    library = Path(espeakng_loader.get_library_path())
    with pytest.raises(EngineUnavailable, match="data folder"):
        EspeakLibrary(library, tmp_path)
    broken = tmp_path / "libespeak-ng.so"
    broken.write_bytes(b"not a library")
    with pytest.raises(EngineUnavailable, match="cannot be loaded"):
        EspeakLibrary(broken, None)


def test_without_the_package_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "espeakng_loader", None)
    monkeypatch.setattr("ctypes.util.find_library", lambda _name: None)
    with pytest.raises(EngineUnavailable, match=r"pip install -r builder/requirements/espeak\.txt"):
        load("espeak", Settings())


def test_memory_stays_flat_over_many_utterances(engine: EspeakEngine) -> None:
    process = psutil.Process()

    def speak(times: int) -> None:
        for number in range(times):
            audio(engine, saying(f"sentence {number}", voice=engine.voices[number % 20]))
        gc.collect()

    speak(300)
    before_bytes, files = process.memory_info().rss, process.num_fds()
    speak(1500)
    assert process.memory_info().rss - before_bytes < 8_000_000
    assert process.num_fds() == files
