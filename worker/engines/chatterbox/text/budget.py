"""How long the audio of a text may become: long enough for the slowest speaker, short for one who does not stop.

Rates are those of slow dictation, less than half of ordinary speech, which has 5 to 8 syllables a second in all of the
seven languages of Pellegrino et al., "A cross-language perspective on speech information rate" (Language 87, 2011).
"""

from __future__ import annotations

import math
import unicodedata

from worker.engines.tags import tags_in

TOKENS_PER_SECOND = 25
LONGEST = 1000
"""Speech tokens of one utterance at most, as upstream: 40 seconds."""
MARGIN_SEC = 3.0
"""For any text: silence before and after it, a breath, a drawn-out last syllable."""
TAG_SEC = 4.0
"""A long laugh."""
LETTER_SEC = 0.18
"""A letter of an alphabet or a blank: 55 English words in a minute, two syllables of Swahili in a second."""
CAPITAL_SEC = 0.6
"""A capital may be an initial that is read by its name, of up to three syllables."""
UNCASED_SEC = 0.3
"""A letter that stands for most of a syllable: kana, Devanagari, Arabic and Hebrew without their vowels."""
SYLLABLE_SEC = 0.5
"""A Hangul syllable."""
IDEOGRAPH_SEC = 0.8
"""A Chinese character is one syllable; a Japanese reading of one has up to five morae, two on average."""
MARK_SEC = 0.1
"""A vowel sign, an accent."""
NUMERAL_SEC = 1.6
"""A digit may be a word and its power of ten: 'siebenhundert', 'quatre-vingt-dix', 'kahdeksankymmentä'."""
SYMBOL_SEC = 1.2
"""A sign that is read as a word or two: 'per cent', 'degrees'."""
PAUSE_SEC = 0.8
"""At a punctuation mark."""
_BY_CATEGORY = {"N": NUMERAL_SEC, "S": SYMBOL_SEC, "P": PAUSE_SEC, "M": MARK_SEC, "Z": LETTER_SEC, "C": 0.0}
_HANGUL = range(0xAC00, 0xD7A4)


def token_limit(text: str) -> int:
    """Speech tokens, 25 a second, that an utterance of `text` may take at most; 1000 where the text is long."""
    seconds = MARGIN_SEC + TAG_SEC * len(tags_in(text).known) + sum(map(_seconds, text))
    return min(LONGEST, math.ceil(TOKENS_PER_SECOND * seconds))


def _seconds(character: str) -> float:
    if character.isascii() and character.islower():
        return LETTER_SEC
    category = unicodedata.category(character)
    if category == "Lu":
        return CAPITAL_SEC
    if category == "Lo":
        return _uncased_seconds(character)
    return LETTER_SEC if category[0] == "L" else _BY_CATEGORY[category[0]]


def _uncased_seconds(character: str) -> float:
    if ord(character) in _HANGUL:
        return SYLLABLE_SEC
    name = unicodedata.name(character, "")
    return IDEOGRAPH_SEC if name.startswith("CJK") else UNCASED_SEC
