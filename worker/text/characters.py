"""Characters nobody says: controls, invisible marks, stacked accents, emoji."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import emoji

# C0 and C1 controls but for white space, soft hyphen, zero-width and bidirectional marks, BOM, variation selectors,
# tags, interlinear marks, and surrogates that lost their partner.
_UNSAID = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
# Joiners shape letters in Arabic and Indic scripts; anywhere else they are invisible.
_IDLE_JOINER = re.compile("(?<![\u0590-\u1fff])[\u200c\u200d]")
_LINE_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SPACE = re.compile("[\t\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_DOUBLED = {"‼": "!!", "⁉": "!?"}
_MOST_MARKS = 4
"""Marks kept on one letter; no orthography stacks more, and normalisation is quadratic in longer runs."""
_LAST_MARK = 0x1E94B


def tidy_characters(text: str) -> str:
    """The text in NFC without unsaid characters; line breaks are line feeds, other white space a plain space."""
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_BREAK.sub("\n", text)
    text = _IDLE_JOINER.sub("", _UNSAID.sub("", _without_emoji(text)))
    text = unicodedata.normalize("NFC", _excess_marks().sub(r"\1", text))
    return _SPACE.sub(" ", text)


def _without_emoji(text: str) -> str:
    if text.isascii():
        return text
    return _emoji().sub(_gap, _KEYCAP.sub("", text))


def _gap(match: re.Match[str]) -> str:
    """What stays where emoji stood: their punctuation, or one space between words."""
    doubled = "".join(_DOUBLED.get(character, "") for character in match["emoji"])
    after = match.string[match.end() : match.end() + 1]
    if doubled or not after or after in " \n,.;:!?":
        return doubled
    before = match.string[: match.start()][-1:] if match.start() == 0 else match.string[match.start() - 1]
    return " " if match["space"] or before.isalnum() else ""


@cache
def _emoji() -> re.Pattern[str]:
    """Every character that takes part in an emoji, in runs: sequences, skin tones and flags go as a whole."""
    characters = {character for sequence in emoji.EMOJI_DATA for character in sequence if not character.isascii()}
    characters -= {"\u200d"}
    some = "".join(map(re.escape, sorted(characters)))
    return re.compile(f"(?P<space> ?)(?P<emoji>[{some}](?:[{some}\u200d\ufe0e\ufe0f\U000e0020-\U000e007f])*+)")


@cache
def _excess_marks() -> re.Pattern[str]:
    marks = "".join(character for character in map(chr, range(0x300, _LAST_MARK)) if unicodedata.combining(character))
    return re.compile(f"([{marks}]{{{_MOST_MARKS}}})[{marks}]+")
