"""The numbers that chapters are counted with, in the languages whose chapter headings are known."""

from __future__ import annotations

import re
from functools import cache

from num2words import num2words

_LANGUAGES = ("en", "fr", "es", "de", "it", "pt")
_MOST = 100
_HAITIAN = (
    *(
        "en",
        "de",
        "twa",
        "kat",
        "senk",
        "sis",
        "sèt",
        "uit",
        "nèf",
        "dis",
        "onz",
        "douz",
        "trèz",
        "katòz",
        "kenz",
        "sèz",
    ),
    *("disèt", "dizuit", "diznèf", "ven", "premye", "dezyèm", "twazyèm", "katriyèm", "senkyèm", "dènye"),
)
_INFLECTED = (
    # Ordinals whose endings follow gender and case, which are not generated.
    *("first", "last", "premier", "première", "dernier", "dernière", "deuxième", "second", "seconde"),
    *(
        "erste[rsn]?",
        "zweite[rsn]?",
        "dritte[rsn]?",
        "vierte[rsn]?",
        "fünfte[rsn]?",
        "sechste[rsn]?",
        "sieb(?:en)?te[rsn]?",
    ),
    *(
        "achte[rsn]?",
        "neunte[rsn]?",
        "zehnte[rsn]?",
        "elfte[rsn]?",
        "zwölfte[rsn]?",
        "letzte[rsn]?",
        "[a-zäöü]{3,20}zehnte[rsn]?",
    ),
    *("[a-zäöü]{3,20}zigste[rsn]?",),
    *("primer[oa]?", "segund[oa]", "tercer[oa]?", "cuart[oa]", "quint[oa]", "sext[oa]", "s[ée]ptim[oa]", "octav[oa]"),
    *(
        "noven[oa]",
        "d[ée]cim[oa]",
        "últim[oa]",
        "prim[oa]",
        "second[oa]",
        "terz[oa]",
        "quart[oa]",
        "sest[oa]",
        "settim[oa]",
    ),
    *("ottav[oa]", "non[oa]", "decim[oa]", "ultim[oa]", "primeir[oa]", "terceir[oa]", "sétim[oa]", "oitav[oa]"),
)
ROMAN = r"(?=[MDCLXVI])M{0,3}(?:C[MD]|D?C{0,3})(?:X[CL]|L?X{0,3})(?:I[XV]|V?I{0,3})"
"""In capitals, up to 3999."""
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def roman_value(numeral: str) -> int:
    """The number that a Roman numeral in capitals stands for."""
    values = [_VALUES[letter] for letter in numeral]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))


@cache
def number_pattern() -> str:
    """A pattern, for matching without regard to case, of a number in digits, Roman numerals or words."""
    words = {num2words(number, lang=language) for language in _LANGUAGES for number in range(1, _MOST + 1)}
    words |= {
        num2words(number, lang=language, to="ordinal") for language in ("en", "fr") for number in range(1, _MOST + 1)
    }
    words |= {word.replace("-", " ") for word in words} | set(_HAITIAN)
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(
        (r"[0-9]{1,4}(?:st|nd|rd|th|er|ère|re|e|ème|º|ª)?", ROMAN, *map(re.escape, longest_first), *_INFLECTED)
    )
