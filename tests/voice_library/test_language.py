from __future__ import annotations

import re

import pytest

from voice_library.language import canonical, closeness
from voice_library.voice import LANGUAGE


def test_an_exact_language_is_closer_than_its_neighbours() -> None:
    assert closeness("es-MX", "es-MX") > closeness("es-MX", "es-ES") > 0
    assert closeness("es", "es") > closeness("es", "es-MX") > 0
    assert closeness("zh-Hant", "zh-Hant-TW") > closeness("zh-Hant", "zh-Hans-CN") > 0


def test_another_language_is_not_close_at_all() -> None:
    assert closeness("es-MX", "en-MX") == 0
    assert closeness("e", "es") == 0
    assert closeness("", "es") == 0


def test_case_and_underscores_do_not_matter() -> None:
    assert closeness("PT_br", "pt-BR") == closeness("pt-BR", "pt-BR")


@pytest.mark.parametrize(
    ("tag", "as_voices_have_it"),
    [
        ("en", "en"),
        ("EN_us", "en-US"),
        ("zh_hant_TW", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("de-CH-1996", "de-CH"),
        ("sl-rozaj-biske", "sl"),
        ("ht-Latn", "ht-Latn"),
    ],
)
def test_a_tag_is_put_in_the_form_that_voices_have(tag: str, as_voices_have_it: str) -> None:
    assert canonical(tag) == as_voices_have_it
    assert re.fullmatch(LANGUAGE, canonical(tag))
