"""The catalogue in `embeddings/`, as users get it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from voice_library.library import VoiceLibrary
from voice_library.voice import Profile, Voice

EMBEDDINGS = Path(__file__).parents[2] / "embeddings"

LANGUAGES = {
    "Sarah": "en-US",
    "David": "en-US",
    "Sofía": "es-MX",
    "Carlos": "es-ES",
    "Léa": "fr-FR",
    "Antoine": "fr-CA",
    "Anna": "de-DE",
    "Hans": "de-AT",
    "Giulia": "it-IT",
    "Marco": "it-IT",
    "Ana": "pt-BR",
    "João": "pt-PT",
    "Yuki": "ja-JP",
    "Hiroshi": "ja-JP",
    "Kreyòl": "ht",
}
OPENAI_WOMEN = ("alloy", "coral", "marin", "nova", "sage", "shimmer")
OPENAI_MEN = ("ash", "ballad", "cedar", "echo", "fable", "onyx", "verse")


@pytest.fixture(scope="module")
def library() -> VoiceLibrary:
    return VoiceLibrary.load(EMBEDDINGS)


@pytest.fixture(scope="module")
def espeak_data() -> Path:
    loader = pytest.importorskip("espeakng_loader", reason="the embedded engine's data is not installed")
    return Path(loader.get_data_path())


def found(library: VoiceLibrary, name: str) -> Voice:
    entry = library.find(name)
    assert isinstance(entry, Voice)
    return entry


def test_every_voice_is_found_by_its_name_and_speaks_its_language(library: VoiceLibrary) -> None:
    assert {name: found(library, name).language for name in LANGUAGES} == LANGUAGES
    assert len(library.voices) == len(LANGUAGES)
    library.check()


@pytest.mark.parametrize("name", OPENAI_WOMEN + OPENAI_MEN)
def test_openai_voice_names_lead_to_english_voices(name: str, library: VoiceLibrary) -> None:
    voice = found(library, name)
    assert voice.language == "en-US"
    assert voice.gender == ("female" if name in OPENAI_WOMEN else "male")


def test_every_voice_says_what_it_may_be_used_for(library: VoiceLibrary) -> None:
    assert all(voice.licence and voice.consent and voice.source for voice in library.voices)


def test_the_creole_profiles_speak_with_the_creole_voice(library: VoiceLibrary) -> None:
    effects = {profile.id: profile.effects for profile in library.profiles}
    assert effects.keys() == {
        "creole-male-default",
        "creole-male-deep",
        "creole-female-sim",
        "creole-narrator",
    }
    assert all(library.voice_of(profile).language == "ht" for profile in library.profiles)
    assert all(0.90 <= effect.speed <= 1.05 for effect in effects.values())
    assert effects["creole-male-deep"].pitch_semitones == -2
    assert effects["creole-female-sim"].pitch_semitones == 3


def test_every_profile_has_an_english_and_a_creole_name_and_a_sentence(library: VoiceLibrary) -> None:
    for profile in library.profiles:
        assert isinstance(profile, Profile)
        assert len(profile.names) == 2
        assert profile.description.endswith(".")


def test_every_espeak_voice_and_variant_exists(library: VoiceLibrary, espeak_data: Path) -> None:
    # espeak-ng loads a voice by the name of its file, not by the languages listed in it: fr, never fr-fr.
    voices = {path.name.casefold() for path in (espeak_data / "lang").rglob("*") if path.is_file()}
    variants = {path.name for path in (espeak_data / "voices" / "!v").iterdir()}
    for voice in library.voices:
        settings = voice.engines["espeak"]
        assert settings["voice"] in voices
        assert settings["variant"] in variants
        assert 0 <= int(settings["pitch"]) <= 99


def test_every_espeak_variant_has_the_gender_of_its_voice(library: VoiceLibrary, espeak_data: Path) -> None:
    for voice in library.voices:
        variant = espeak_data / "voices" / "!v" / str(voice.engines["espeak"]["variant"])
        genders = [line.split()[1] for line in variant.read_text("utf-8").splitlines() if line[:6] == "gender"]
        assert genders == [voice.gender]


def test_two_speakers_of_one_language_sound_different(library: VoiceLibrary) -> None:
    settings = sorted((str(v.engines["espeak"]["voice"]), str(v.engines["espeak"]["variant"])) for v in library.voices)
    assert all(one != other for one, other in pairwise(settings))
