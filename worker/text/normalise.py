"""What is said aloud, from what is written."""

from __future__ import annotations

import re
from functools import cache

from worker.text.characters import tidy_characters
from worker.text.markdown import plain_text
from worker.text.spoken.catalog import language_of, variety_of
from worker.text.spoken.rule import Rule
from worker.text.spoken.rules import rules_of

_SPACES = re.compile(r"\s+")


def normalise(text: str, language: str) -> str:
    """The text as it is spoken in `language`, a tag such as `fr-CA`: one line, without markup, numbers in words.

    Words that no rule knows stay exactly as they are. Time is linear in the length of the text.
    """
    text = plain_text(tidy_characters(text))
    text = _SPACES.sub(" ", text).strip()
    variety = variety_of(language)
    for rule in _rules(variety) if variety else ():
        text = rule.apply(text)
    return _SPACES.sub(" ", text).strip()


@cache
def _rules(variety: str) -> tuple[Rule, ...]:
    return rules_of(language_of(variety))
