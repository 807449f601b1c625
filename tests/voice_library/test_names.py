from __future__ import annotations

import pytest

from voice_library.names import as_voice_id, close_names, fold


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("LÉA", "lea"),
        ("le\u0301a", "léa"),
        (" João ", "joao"),
        ("Creole  Narrator", "creole-narrator"),
        ("creole_narrator", "creole-narrator"),
        ("KREYÒL", "kreyol"),
        ("STRASSE", "straße"),
    ],
)
def test_case_accents_and_separators_do_not_matter(typed: str, meant: str) -> None:
    assert fold(typed) == fold(meant)


def test_different_letters_stay_different() -> None:
    assert fold("ana") != fold("anna")
    assert fold("ゆき") != fold("ひろし")


def test_a_name_of_four_thousand_letters_is_not_worked_on() -> None:
    assert fold("\ufdfa" * 4096) == ""
    assert close_names("a" * 65, ["a" * 64]) == ()


def test_the_closest_name_comes_first() -> None:
    assert close_names("Sofi", ["sarah", "sofia", "sophie"])[0] == "sofia"
    assert close_names("zzz", ["sarah", "sofia"]) == ()


@pytest.mark.parametrize(
    ("name", "voice_id"),
    [("me", "me"), ("my_voice", "my_voice"), ("My Voice", "my-voice"), (" LÉA ", "lea"), ("a\u200bb", None)]
    + [(name, None) for name in ("", "../x", "-", "_a", "a/b", "a.b", "a\nb", "ゆき", "x" * 65, "x" * 5000)],
)
def test_a_name_is_an_id_or_makes_one_or_is_none(name: str, voice_id: str | None) -> None:
    assert as_voice_id(name) == voice_id
