"""Languages that need a step of their own get upstream's, with and without the packages that some of them want."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chatterbox.models.tokenizers import tokenizer as theirs
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.chatterbox.text.spoken import SENTENCES
from tests.engines.chatterbox.text.upstream import ids
from worker.engines.chatterbox.member import MEMBERS
from worker.engines.chatterbox.text.scripts import PACKAGES, jamo
from worker.engines.chatterbox.text.tokenizer import load

MEMBER = MEMBERS["multilingual"]
Install = Callable[[str, str], None]
KAKASI = """
class kakasi:
    def convert(self, text):
        readings = {"今日": "きょう", "母": "はは", "部屋": "へや"}
        parts, start = [], 0
        while start < len(text):
            part = next((word for word in readings if text.startswith(word, start)), text[start])
            parts.append({"orig": part, "hira": readings.get(part, "か")})
            start += len(part)
        return parts
"""
PKUSEG = """
import os, types
config = types.SimpleNamespace(pkuseg_home=os.path.dirname(__file__))
class pkuseg:
    def cut(self, text):
        return [text[start : start + 2] for start in range(0, len(text), 2)]
"""
DICTA = "class Dicta:\n    def add_diacritics(self, text):\n        return text.replace('ש', 'ש\u05b0')\n"
STRESSER = "class RussianTextStresser:\n    def stress_text(self, text):\n        return text.replace('а', 'а\u0301')\n"
INSTALLED = {
    "zh": ("spacy_pkuseg.py", PKUSEG),
    "ja": ("pykakasi.py", KAKASI),
    "he": ("dicta_onnx.py", DICTA),
    "ru": ("russian_text_stresser/text_stresser.py", STRESSER),
}


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a module where both would import it, and makes both forget what they had."""
    for name in ("_kakasi", "_dicta", "_russian_stresser"):
        monkeypatch.setattr(theirs, name, None)

    def written(name: str, content: str) -> None:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
        (tmp_path / "spacy_ontonotes").mkdir(exist_ok=True)
        monkeypatch.syspath_prepend(tmp_path)

    yield written
    for package in PACKAGES.values():
        sys.modules.pop(package.module, None)
        sys.modules.pop(package.module.partition(".")[0], None)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "你好,世界。天天"),
        ("ja", "今日はラーメンを食べる。母の部屋 へ"),
        ("he", SENTENCES["he"]),
        ("ru", SENTENCES["ru"]),
    ],
)
def test_an_installed_package_is_used_as_upstream_uses_it(
    language: str, text: str, folders: Callable[[str], Path], install: Install
) -> None:
    without = load(MEMBER, folders(MEMBER.name)).ids(text, language)
    install(*INSTALLED[language])
    tokenizer = load(MEMBER, folders(MEMBER.name))
    assert tokenizer.shortcomings(language) == ()
    assert without != tokenizer.ids(text, language) == ids(MEMBER, folders(MEMBER.name))(text, language)


@pytest.mark.parametrize("language", PACKAGES)
def test_a_missing_package_is_told_with_advice(language: str, folders: Callable[[str], Path]) -> None:
    (told,) = load(MEMBER, folders(MEMBER.name)).shortcomings(language)
    assert ": install" in told or ": write" in told


def test_kanji_that_are_not_read_are_told(folders: Callable[[str], Path]) -> None:
    told = load(MEMBER, folders(MEMBER.name)).shortcomings("ja")
    assert told == ("Japanese kanji are not read: install pykakasi (GPL-3.0), or write kana",)


@pytest.mark.parametrize("language", ["he", "ru"])
def test_a_package_that_does_not_work_is_told_and_done_without(
    language: str, folders: Callable[[str], Path], install: Install
) -> None:
    name, content = INSTALLED[language]
    install(name, content.replace("    def ", "    def __init__(self, path):\n        pass\n    def ", 1))
    tokenizer = load(MEMBER, folders(MEMBER.name))
    assert "does not work (TypeError)" in tokenizer.shortcomings(language)[0]
    text = SENTENCES[language]
    assert tokenizer.ids(text, language) == ids(MEMBER, folders(MEMBER.name))(text, language)


def test_a_model_that_is_not_here_is_not_fetched(
    folders: Callable[[str], Path], install: Install, tmp_path: Path
) -> None:
    install("spacy_pkuseg.py", PKUSEG + "    def __init__(self):\n        raise AssertionError('fetched')\n")
    (tmp_path / "spacy_ontonotes").rmdir()
    tokenizer = load(MEMBER, folders(MEMBER.name))
    assert "fetches its model" in tokenizer.shortcomings("zh")[0]
    assert tokenizer.ids(SENTENCES["zh"], "zh")


@pytest.mark.parametrize("language", sorted(MEMBER.languages - PACKAGES.keys()))
def test_the_other_languages_lack_nothing(language: str, folders: Callable[[str], Path]) -> None:
    assert load(MEMBER, folders(MEMBER.name)).shortcomings(language) == ()


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("안녕 가힣\ud7a4\ud7af각"), max_size=20))
def test_syllables_are_taken_apart_as_upstream_does(text: str) -> None:
    assert jamo(text) == theirs.korean_normalize(text)


@given(st.text(st.sampled_from("안녕하세요가힣각뷁"), min_size=1))
def test_taken_apart_is_what_unicode_calls_decomposed(text: str) -> None:
    assert jamo(text) == unicodedata.normalize("NFD", text)
