"""Haitian Creole numbers in words, which no library on the package index spells.

Spelling follows the official orthography as taught at https://www.languagesandnumbers.com/how-to-count-in-haitian-creole/en/hat/
and https://rise2haitiancreole.com/learningcenter/basics-to-haitian-creole/time (`trannsenk`, `karannsenk`, `uit`);
ordinals follow https://www.howtocreole.com/2019/02/numbers-first-second-third-haitian-creole.html.
"""

from __future__ import annotations

from collections.abc import Mapping

_BELOW_TWENTY = (
    *("zewo", "en", "de", "twa", "kat", "senk", "sis", "sèt", "uit", "nèf"),
    *("dis", "onz", "douz", "trèz", "katòz", "kenz", "sèz", "disèt", "dizwit", "diznèf"),
)
_TENS = {2: "ven", 3: "trant", 4: "karant", 5: "senkant", 6: "swasant"}
# Before a consonant the last sound of the ten is nasal; before a vowel, and before "nèf", its "t" is heard.
_NASAL_TENS = {2: "venn", 3: "trann", 4: "karann", 5: "senkann", 6: "swasann"}
_HEARD_TENS = {2: "vent", 3: "trant", 4: "karant", 5: "senkant", 6: "swasant"}
_ORDINAL_ENDINGS = {
    "de": "dezyèm",
    "twa": "twazyèm",
    "kat": "katriyèm",
    "sis": "sizyèm",
    "sèt": "setyèm",
    "nèf": "nevyèm",
    "dis": "dizyèm",
    "ven": "ventyèm",
    "eyen": "eyentyèm",
    "san": "santyèm",
}
_NAMED_HOURS = {0: "minui", 12: "midi", 24: "minui"}
_HOUR_ENDINGS = {
    "de": "dezè",
    "twa": "twazè",
    "sis": "sizè",
    "sèt": "setè",
    "nèf": "nevè",
    "dis": "dizè",
    "ven": "ventè",
    "eyen": "eyinè",
    "en": "inè",
}


def cardinal(value: int) -> str:
    """`value` in words, up to 10^15 − 1.

    From 10^12 as `mil milya`, since `bilyon` is 10^9 to some speakers and 10^12 to others.
    """
    if value < 0:
        return f"mwens {cardinal(-value)}"
    parts = []
    for size, name in ((10**9, "milya"), (10**6, "milyon")):
        count, value = divmod(value, size)
        if count:
            parts.append(f"{'yon' if count == 1 else cardinal(count)} {name}")
    if value or not parts:
        parts.append(_below_million(value))
    return " ".join(parts)


def ordinal(value: int) -> str:
    """The rank `value` in words: `premye`, `dezyèm`, `venteyentyèm`."""
    if value == 1:
        return "premye"
    return _with_ending(cardinal(value), _ORDINAL_ENDINGS, otherwise="yèm")


def hour(value: int) -> str:
    """The hour of the day as one word: `inè`, `dezè`, `katòzè`; noon and midnight have their own."""
    if value in _NAMED_HOURS:
        return _NAMED_HOURS[value]
    return _with_ending(cardinal(value), _HOUR_ENDINGS, otherwise="è")


def _with_ending(words: str, endings: Mapping[str, str], *, otherwise: str) -> str:
    for ending, replacement in endings.items():
        if words.endswith(ending):
            return words[: -len(ending)] + replacement
    return words + otherwise


def _below_million(value: int) -> str:
    thousands, rest = divmod(value, 1000)
    if not thousands:
        return _below_thousand(rest)
    head = "mil" if thousands == 1 else f"{_below_thousand(thousands)} mil"
    return f"{head} {_below_thousand(rest)}" if rest else head


def _below_thousand(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    if not hundreds:
        return _below_hundred(rest)
    head = "san" if hundreds == 1 else f"{_BELOW_TWENTY[hundreds]} san"
    return f"{head} {_below_hundred(rest)}" if rest else head


def _below_hundred(value: int) -> str:
    if value < len(_BELOW_TWENTY):
        return _BELOW_TWENTY[value]
    if value >= 80:  # noqa: PLR2004 — four twenties
        return "katreven" + (_BELOW_TWENTY[value - 80] if value > 80 else "")  # noqa: PLR2004 — four twenties
    tens, unit = divmod(value, 10)
    if tens == 7:  # noqa: PLR2004 — sixty and ten to nineteen
        return "swasann" + _BELOW_TWENTY[10 + unit]
    if unit == 0:
        return _TENS[tens]
    if unit == 1:
        return f"{_HEARD_TENS[tens]}eyen"
    heard = unit in {8, 9}
    return (_HEARD_TENS if heard else _NASAL_TENS)[tens] + _BELOW_TWENTY[unit]
