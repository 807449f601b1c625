from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import pytest

from voice_library.errors import InvalidCatalog, UnknownVoice
from voice_library.library import VoiceLibrary
from voice_library.voice import Profile, Voice

LOOKUPS = 20_000
MAX_LOOKUP_SEC = 50e-6
"""A lookup takes about 2 µs; one that walked 5,000 voices would take milliseconds."""


def make(voice_id: str, language: str = "en-US", **changes: Any) -> Voice:
    return dataclasses.replace(
        Voice(id=voice_id, names=(voice_id.title(),), language=language, gender="female"), **changes
    )


SARAH = make("sarah", aliases=("nova",))
SOFIA = make("sofia", "es-MX", names=("Sofía",))
CARLOS = make("carlos", "es-ES", gender="male", tier="premium")
LEA = make("lea", "fr-FR", names=("Léa",))
DEEP = Profile(id="carlos-deep", names=("Deep Carlos",), voice="carlos")


@pytest.fixture
def library() -> VoiceLibrary:
    return VoiceLibrary(voices=(SARAH, CARLOS, SOFIA, LEA), profiles=(DEEP,))


@pytest.mark.parametrize("name", ["lea", "LÉA", "Léa", "Le\u0301a", " léa "])
def test_a_voice_is_found_however_its_name_is_typed(name: str, library: VoiceLibrary) -> None:
    assert library.find(name) is LEA


def test_a_voice_is_found_by_alias_and_a_profile_by_id_or_name(library: VoiceLibrary) -> None:
    assert library.find("Nova") is SARAH
    assert library.find("carlos_deep") is library.find("deep carlos") is DEEP


def test_an_id_is_stronger_than_a_name_and_a_name_than_an_alias() -> None:
    alias, name, by_id = (
        make("a", aliases=("marco",)),
        make("b", names=("Marco",)),
        make("marco", names=("C",)),
    )
    assert VoiceLibrary(voices=(alias, name, by_id)).find("marco") is by_id
    assert VoiceLibrary(voices=(alias, name)).find("marco") is name
    assert VoiceLibrary(voices=(alias,)).find("marco") is alias


def test_of_two_with_one_name_the_first_is_found() -> None:
    first, second = make("a", names=("Marco",)), make("b", names=("Marco",))
    assert VoiceLibrary(voices=(first, second)).find("Marco") is first
    assert VoiceLibrary(voices=(second, first)).find("Marco") is second


def test_an_unknown_name_gets_suggestions(library: VoiceLibrary) -> None:
    with pytest.raises(UnknownVoice, match=r"'sara'; did you mean 'sarah'\? \(4 voices and 1 profiles exist\)"):
        library.find("sara")


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "../sarah",
        "/etc/passwd",
        "sarah\x00",
        "sarah/../lea",
        "x" * 4096,
        "\u0301",
        "catalog.json",
        "\ud800",
    ],
    ids=repr,
)
def test_a_name_is_never_a_path(name: str, library: VoiceLibrary) -> None:
    with pytest.raises(UnknownVoice) as caught:
        library.find(name)
    assert len(str(caught.value)) < 200


def test_the_error_is_the_same_whether_a_file_of_that_name_exists_or_not(library: VoiceLibrary, tmp_path: Path) -> None:
    (tmp_path / "real").touch()
    messages = []
    for name in ("real", "fake"):
        with pytest.raises(UnknownVoice) as caught:
            library.find(str(tmp_path / name))
        messages.append(str(caught.value).replace(name, ""))
    assert messages[0] == messages[1]


def test_a_name_of_which_nothing_is_left_finds_nobody() -> None:
    library = VoiceLibrary(voices=(make("a", names=("\u0301",)),))
    for name in ("", "\u0301", "x" * 4096):
        with pytest.raises(UnknownVoice):
            library.find(name)


def test_an_engine_contributes_voices_without_changing_the_library(library: VoiceLibrary) -> None:
    more = library.with_voices([make("kiki")])
    assert more.find("kiki").id == "kiki"
    assert more.find("sarah") is SARAH
    with pytest.raises(UnknownVoice):
        library.find("kiki")


def test_an_id_that_is_taken_cannot_be_contributed(library: VoiceLibrary) -> None:
    for taken in ("sarah", "carlos_deep"):
        with pytest.raises(InvalidCatalog, match="used more than once"):
            library.with_voices([make(taken)])


def test_a_profile_may_wait_for_the_voice_an_engine_contributes() -> None:
    waiting = VoiceLibrary(profiles=(DEEP,))
    with pytest.raises(InvalidCatalog, match="'carlos-deep' needs 'carlos'"):
        waiting.check()
    with pytest.raises(UnknownVoice):
        waiting.voice_of(DEEP)
    complete = waiting.with_voices([CARLOS])
    complete.check()
    assert complete.voice_of(DEEP) is complete.voice_of(CARLOS) is CARLOS


def test_a_language_selects_its_own_region_first(library: VoiceLibrary) -> None:
    assert library.select(language="es") == (CARLOS, SOFIA)
    assert library.select(language="es-MX") == (SOFIA, CARLOS)
    assert library.select(language="es_ar") == (CARLOS, SOFIA)
    assert library.select(language="de") == ()


def test_gender_and_tier_narrow_a_selection(library: VoiceLibrary) -> None:
    assert library.select() == library.voices
    assert library.select(gender="male") == (CARLOS,)
    assert library.select(language="es-MX", tier="premium") == (CARLOS,)
    assert library.select(language="fr", gender="male") == ()


def test_a_language_has_a_default_voice_or_none(library: VoiceLibrary) -> None:
    assert library.for_language("es-MX") is SOFIA
    assert library.for_language("fr-CA") is LEA
    assert library.for_language("ja") is None


def test_a_library_cannot_be_changed(library: VoiceLibrary) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        library.voices = ()  # type: ignore[misc] # that it cannot be assigned is the point


def test_looking_up_does_not_walk_the_voices() -> None:
    library = VoiceLibrary(voices=tuple(make(f"voice-{i}") for i in range(5_000)))
    started = time.process_time()
    for _ in range(LOOKUPS):
        library.find("Voice-4999")
    assert (time.process_time() - started) / LOOKUPS < MAX_LOOKUP_SEC
