from __future__ import annotations

from voice_library.language import closeness


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
