from __future__ import annotations

import pytest

from voice_library.errors import InvalidCatalog, InvalidVoiceFile, UnknownVoice, VoiceLibraryError


def test_every_error_has_its_own_stable_code() -> None:
    codes = {error.code for error in (UnknownVoice, InvalidVoiceFile, InvalidCatalog)}
    assert codes == {"unknown_voice", "invalid_voice_file", "invalid_catalog"}
    assert all(issubclass(error, VoiceLibraryError) for error in (UnknownVoice, InvalidVoiceFile, InvalidCatalog))


def test_an_unknown_voice_is_told_what_was_meant_and_how_much_there_is() -> None:
    message = str(UnknownVoice("sara", close=("sarah",), voices=15, profiles=4))
    assert message == "no voice or profile 'sara'; did you mean 'sarah'? (15 voices and 4 profiles exist)"


@pytest.mark.parametrize("name", ["x" * 65, "sa\x00ra", "line\nbreak", "\ud800", "\u202egnp"])
def test_a_long_or_unprintable_name_is_not_echoed(name: str) -> None:
    message = str(UnknownVoice(name, voices=15, profiles=4))
    assert message.startswith("no voice or profile of that name; ")
    assert name not in message
