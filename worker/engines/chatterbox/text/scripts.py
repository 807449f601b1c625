"""What the texts of some languages go through first, because the multilingual members learned from such texts."""

from __future__ import annotations

import importlib
import threading
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from worker.engines.chatterbox.text.cangjie import spelled

Step = Callable[[str], str]
SYLLABLES = range(0xAC00, 0xD7B0)
"""The block of Hangul syllables."""
MEDIALS = 21
FINALS = 28
KANJI = range(0x4E00, 0xA000)
KATAKANA = range(0x30A1, 0x30FB)
PARTICLES = ("は", "へ")
"""Read otherwise than written where they are words of their own; a blank sets a reading that begins like them apart."""
UNUSABLE = (OSError, RuntimeError, TypeError, ValueError)
"""How packages fail whose data is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """One language's step."""

    step: Step
    shortcomings: tuple[str, ...] = ()
    """What it leaves undone, and what to do about that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An optional package that a language's step rests on; upstream does without it too."""

    module: str
    opened: Callable[[ModuleType], Step]
    missed: str
    """What is worse without it."""
    remedy: str


def preparation(language: str, cangjie: Mapping[str, str]) -> Preparation:
    """The step of `language`; imports the package that belongs to it, if there is one."""
    package = PACKAGES.get(language)
    found = Preparation(step=_unchanged) if package is None else _prepared_by(package)
    if language == "zh":
        return Preparation(step=lambda text: spelled(found.step(text), cangjie), shortcomings=found.shortcomings)
    return Preparation(step=jamo) if language == "ko" else found


def jamo(text: str) -> str:
    """`text` without blanks around it, its Hangul syllables as initial, medial and final."""
    return "".join(_jamo(character) if ord(character) in SYLLABLES else character for character in text).strip()


def _jamo(syllable: str) -> str:
    rest, final = divmod(ord(syllable) - SYLLABLES.start, FINALS)
    initial, medial = divmod(rest, MEDIALS)
    return chr(0x1100 + initial) + chr(0x1161 + medial) + (chr(0x11A7 + final) if final else "")


def _unchanged(text: str) -> str:
    return text


def _prepared_by(package: Package) -> Preparation:
    try:
        step = package.opened(importlib.import_module(package.module))
    except ImportError:
        return Preparation(step=_unchanged, shortcomings=(f"{package.missed}: {package.remedy}",))
    except UNUSABLE as error:
        advice = f"{package.missed}: {package.module} is installed and does not work ({type(error).__name__})"
        return Preparation(step=_unchanged, shortcomings=(f"{advice}; {package.remedy}",))
    return Preparation(step=_one_at_a_time(step))


def _one_at_a_time(step: Step) -> Step:
    """None of these packages says that threads may share it."""
    lock = threading.Lock()

    def alone(text: str) -> str:
        with lock:
            return step(text)

    return alone


def _kana(pykakasi: ModuleType) -> Step:
    convert = pykakasi.kakasi().convert

    def step(text: str) -> str:
        return unicodedata.normalize("NFKD", "".join(_reading(part["orig"], part["hira"]) for part in convert(text)))

    return step


def _reading(written: str, hiragana: str) -> str:
    if not any(ord(character) in KANJI for character in written):
        return written
    return f" {hiragana}" if hiragana.startswith(PARTICLES) else hiragana


def _words(spacy_pkuseg: ModuleType) -> Step:
    """Raises FileNotFoundError rather than let the package fetch its model while a job waits."""
    home = Path(spacy_pkuseg.config.pkuseg_home)
    if not (home / "spacy_ontonotes").is_dir():
        raise FileNotFoundError(home)
    cut = spacy_pkuseg.pkuseg().cut
    return lambda text: " ".join(cut(text))


def _diacritics(dicta_onnx: ModuleType) -> Step:
    dicta = dicta_onnx.Dicta()
    return lambda text: str(dicta.add_diacritics(text))


def _stress(text_stresser: ModuleType) -> Step:
    stresser = text_stresser.RussianTextStresser()
    return lambda text: str(stresser.stress_text(text))


PACKAGES: Mapping[str, Package] = {
    "zh": Package(
        module="spacy_pkuseg",
        opened=_words,
        missed="Chinese is read without the borders between words",
        remedy="install spacy-pkuseg and call spacy_pkuseg.pkuseg() once, which fetches its model",
    ),
    "ja": Package(
        module="pykakasi",
        opened=_kana,
        missed="Japanese kanji are not read",
        remedy="install pykakasi (GPL-3.0), or write kana",
    ),
    "he": Package(
        module="dicta_onnx",
        opened=_diacritics,
        missed="Hebrew vowels are not added",
        remedy="write the vowel points into the text",
    ),
    "ru": Package(
        module="russian_text_stresser.text_stresser",
        opened=_stress,
        missed="Russian stress is not marked",
        remedy="install russian-text-stresser, or write the stress marks into the text",
    ),
}
"""By language; release 1.0.9 of dicta-onnx wants an argument that upstream does not give it, and so never works."""
