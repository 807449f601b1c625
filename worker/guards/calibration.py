"""Calibration: how long a text takes to say, by language, script and engine, and how far from it speech may be.

Where nothing else is said, numbers are medians of espeak-ng 1.52 at 175 words a minute over sentences of 60 to 90
characters, silence at their ends left out. Languages whose letters take as long as `ALPHABET_SEC`, within a tenth,
are not listed. Random weights say nothing about real speech: engines that were not heard with real ones have wide
margins, about the medians of espeak-ng, whose pace is that of a human reader (5 to 8 syllables a second: Pellegrino
et al., "A cross-language perspective on speech information rate", Language 87, 2011).
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest

from worker.engines.base import Utterance, primary_subtag

ALPHABET_SEC = 0.071
"""A letter or vowel sign, of alphabets and of the scripts of India."""
LETTER_SEC: Mapping[str, float] = {
    "ar": 0.113,
    "bn": 0.086,
    "de": 0.066,
    "fa": 0.109,
    "fr": 0.053,
    "he": 0.094,
    "hi": 0.079,
    "ht": 0.086,
    "ka": 0.083,
    "pl": 0.081,
    "sw": 0.085,
}
SCRIPT_SEC: Mapping[str, float] = {"HIRAGANA": 0.119, "KATAKANA": 0.119, "HANGUL": 0.173, "CJK": 0.242}
"""A letter of a script whose letters are syllables, in any language."""
RELATED_SCRIPTS: Mapping[str, str] = {"KATAKANA": "CJK", "HIRAGANA": "CJK", "KATAKANA-HIRAGANA": "CJK"}
"""Scripts that are written side by side."""
KANJI_SEC = (0.12, 0.8)
"""One to five morae: beside kana, a character's reading depends on its neighbours."""
FOREIGN_SEC = (0.0, 1.2)
"""A letter of another script than most of the text: left out, or read by its name."""
CAPITAL_SEC = 0.6
"""At most, where no small letter follows: it may be read by its name, of up to three syllables."""
NUMERAL_SEC = (0.1, 1.6)
"""A digit may be a word and its power of ten: 'siebenhundert', 'quatre-vingt-dix'."""
SYMBOL_SEC = (0.0, 1.2)
"""A sign may be read as a word or two."""
PUNCTUATION_SEC = (0.0, 0.8)
"""A pause; or 'slash', 'dot'."""
TAG_SEC = 4.0
"""At most: a long laugh, for text in square brackets."""
SHORT_ALLOWANCE_SEC = 0.25
LONG_ALLOWANCE_SEC = 1.5
"""For any text: a breath, a drawn-out last syllable, an abbreviation."""
NORMAL_WORDS_PER_MINUTE = 175.0
"""Of espeak's `rate`, at which it was measured."""
WORD_GAP_SEC = 0.01
"""espeak's unit of `word_gap`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """How far from the usual pace an engine's letters may be."""

    fastest: float
    """Share of the usual time."""
    slowest: float
    """Multiple of the usual time."""


MARGINS: Mapping[str, Margin] = {"espeak": Margin(fastest=0.68, slowest=1.3)}
"""No clean text of espeak took less than 0.82 of its usual time, or more than 0.86 of its longest."""
UNMEASURED = Margin(fastest=0.45, slowest=2.4)
"""Of engines that were not heard: rates from a hurried reader's to dictation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long a rendering may be, silence at its ends left out."""

    shortest_sec: float
    usual_sec: float
    longest_sec: float


def bounds(utterance: Utterance) -> Bounds:
    """How long `utterance` may be, at its speed, with its gaps between words; without a text, anything."""
    if not utterance.text:
        return Bounds(shortest_sec=0.0, usual_sec=0.0, longest_sec=math.inf)
    speed = pace(utterance)
    margin = MARGINS.get(utterance.engine, UNMEASURED)
    low_sec, high_sec = spoken_sec(utterance.text, utterance.language)
    gaps_sec = word_gap_sec(utterance) * len(utterance.text.split())
    return Bounds(
        shortest_sec=max(0.0, margin.fastest * low_sec / speed - SHORT_ALLOWANCE_SEC),
        usual_sec=low_sec / speed,
        longest_sec=margin.slowest * high_sec / speed + LONG_ALLOWANCE_SEC / min(speed, 1.0) + gaps_sec,
    )


def spoken_sec(text: str, language: str) -> tuple[float, float]:
    """Least and most seconds that `text` takes at the usual pace."""
    said, tags = _without_tags(text)
    main = _main_script(said)
    letter_sec = LETTER_SEC.get(primary_subtag(language), ALPHABET_SEC)
    times = [
        _seconds(character, main, letter_sec, in_word=after.islower())
        for character, after in zip_longest(said, said[1:], fillvalue="")
    ]
    return sum(low for low, _ in times), sum(high for _, high in times) + TAG_SEC * tags


def word_gap_sec(utterance: Utterance) -> float:
    """Silence between words that the request asks for."""
    return (utterance.options.word_gap or 0) * WORD_GAP_SEC / pace(utterance)


def pace(utterance: Utterance) -> float:
    """How much faster than usual it is to be said: its own speed, and its voice's where the voice has one."""
    realisation = utterance.voice.engines.get(utterance.engine, {})
    return utterance.speed * float(realisation.get("rate", NORMAL_WORDS_PER_MINUTE)) / NORMAL_WORDS_PER_MINUTE


def _without_tags(text: str) -> tuple[str, int]:
    """The text outside square brackets, and how many brackets there were."""
    head, *rest = text.split("[")
    tails = [piece.partition("]") for piece in rest]
    return head + "".join(tail if closed else inside for inside, closed, tail in tails), sum(
        bool(closed) for _, closed, _ in tails
    )


def _script(letter: str) -> str:
    """The first word of a letter's Unicode name: LATIN, CJK, HANGUL."""
    return unicodedata.name(letter, "").partition(" ")[0]


def _main_script(text: str) -> str:
    scripts = Counter(_script(character) for character in text if character.isalpha())
    return _family(scripts.most_common(1)[0][0]) if scripts else ""


def _family(script: str) -> str:
    return RELATED_SCRIPTS.get(script, script)


def _seconds(character: str, main: str, letter_sec: float, *, in_word: bool) -> tuple[float, float]:
    """Least and most seconds of one character; marks take as long as the letters they stand on."""
    kind = unicodedata.category(character)
    if kind[0] == "M":
        return letter_sec, letter_sec
    if kind[0] == "L":
        return _letter_sec(character, kind, main, letter_sec, in_word=in_word)
    return {"N": NUMERAL_SEC, "S": SYMBOL_SEC, "P": PUNCTUATION_SEC}.get(kind[0], (0.0, 0.0))


def _letter_sec(character: str, kind: str, main: str, letter_sec: float, *, in_word: bool) -> tuple[float, float]:
    script = _script(character)
    if _family(script) != main and kind != "Lm":
        return FOREIGN_SEC
    usual_sec = SCRIPT_SEC.get(script, letter_sec)
    return usual_sec, max(usual_sec, CAPITAL_SEC) if kind == "Lu" and not in_word else usual_sec
