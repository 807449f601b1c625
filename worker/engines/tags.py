"""Tags: words in brackets that some members act on, as in `[laugh]`, and the others would read aloud."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce

from worker.engines.tag_words import TAGS
from worker.request.names import may_echo, nearest

BRACKETED = re.compile(r"\[([^\[\]]{1,40})\]")
"""Longer than any tag with a few blanks too many; never reaches beyond the next bracket."""
LONGEST_ECHO = 20
"""Letters of a word that a message repeats: tags are short, and a caller's text stays out of messages."""
HEARD = 2
"""Letters at the beginning of a word that are rarely mistaken."""
NO_BLANK_BEFORE = frozenset(".,;:!?…)]}»”’、，。！？")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownTag:
    """A word in brackets that is no tag, and is read aloud."""

    word: str | None
    """The word, where a message may repeat it."""
    meant: str | None
    """The tag most like it."""

    @property
    def warning(self) -> str:
        """What is wrong and what exists, for the caller."""
        name = "unknown tag" if self.word is None else f"unknown tag {self.word!r}"
        hint = f"; did you mean {self.meant!r}?" if self.meant else ""
        return f"{name} is read aloud{hint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What stands in brackets in a text."""

    known: tuple[str, ...]
    """Tags of the family, in lower case, each time they occur."""
    unknown: tuple[UnknownTag, ...]
    """What looks like a tag and is none, each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripped:
    """A text without the tags that a member does not know."""

    text: str
    """Blank where tags were all there was."""
    count: int
    """Tags that were taken out."""


def tags_in(text: str) -> Tags:
    """The tags in `text`, and the words that may be meant as one."""
    known, unknown = [], []
    for found in BRACKETED.finditer(text):
        name = _name(found[1])
        if name in TAGS:
            known.append(name)
        elif (other := _unknown(name)) and other not in unknown:
            unknown.append(other)
    return Tags(known=tuple(known), unknown=tuple(unknown))


def stripped(text: str, keep: frozenset[str]) -> Stripped:
    """`text` with the tags of `keep` spelled as the tokenizer has them, and without every other tag of the family.

    Where a tag is taken out one blank stays between words, and none before punctuation. Unknown words in brackets stay.
    """
    pieces, start = [""], 0
    for found in BRACKETED.finditer(text):
        name = _name(found[1])
        if name not in TAGS:
            continue
        pieces[-1] += text[start : found.start()]
        start = found.end()
        if name in keep:
            pieces[-1] += f"[{name}]"
        else:
            pieces.append("")
    pieces[-1] += text[start:]
    return Stripped(text=reduce(_joined, pieces), count=len(pieces) - 1)


def _name(inside: str) -> str:
    return " ".join(inside.lower().split())


def _unknown(name: str) -> UnknownTag | None:
    """None for what is not meant as a tag: a footnote's number, a remark."""
    word = name if may_echo(name) and len(name) <= LONGEST_ECHO else None
    meant = nearest(name, TAGS) or (_beginning_like(word) if word else None)
    return UnknownTag(word=word, meant=meant) if word or meant else None


def _beginning_like(word: str) -> str | None:
    """A tag with the same first letters, which spelling by ear gets right: 'laugh' for 'laff'."""
    return next((tag for tag in sorted(TAGS) if word[:HEARD] == tag[:HEARD]), None)


def _joined(before: str, after: str) -> str:
    before, after = before.rstrip(), after.lstrip()
    blank = "" if not before or not after or after[0] in NO_BLANK_BEFORE else " "
    return before + blank + after
