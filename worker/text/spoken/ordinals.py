"""Ordinals written with digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker.text.spoken.language import Language
from worker.text.spoken.rule import Rule, any_of


def rules(language: Language) -> Iterator[Rule]:
    """Digits with a written ending; in German, digits with a full stop after a word that asks for an ordinal."""
    if language.ordinal_endings:
        endings = any_of(language.ordinal_endings)
        pattern = re.compile(rf"(?<![\w.,])(?P<rank>[1-9][0-9]{{0,5}}) ?(?P<ending>{endings})(?!\w)")
        yield Rule(pattern, lambda match: _say(match, language.ordinal_endings[match["ending"]], language))
    if language.ordinal_cues:
        pattern = re.compile(r"(?<![\w.,])(?P<rank>[1-9][0-9]{0,3})\.(?= +[A-Za-zÄÖÜäöü])")
        yield Rule(pattern, lambda match: _say_after_cue(match, language))


def _say(match: re.Match[str], form: str, language: Language) -> str | None:
    # "5 e" is two words in most languages; only a raised ending may stand apart.
    if " " in match.group() and match["ending"].isascii():
        return None
    return language.inflect(language.numbers.ordinal(int(match["rank"])), form)


def _say_after_cue(match: re.Match[str], language: Language) -> str | None:
    words = match.string[max(0, match.start() - 16) : match.start()].split()
    form = language.ordinal_cues.get(words[-1].lower()) if words else None
    return None if form is None else language.inflect(language.numbers.ordinal(int(match["rank"])), form)
