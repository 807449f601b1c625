"""Natural pauses: how long a speaker is silent after what has ended."""

from __future__ import annotations

import re

from worker.text.cutting import Kind

HEADING_PAUSE_SEC = 0.8
PARAGRAPH_PAUSE_SEC = 0.6
ITEM_PAUSE_SEC = 0.4
"""Between two items of a list, which belong together more than two paragraphs do."""
TURN_PAUSE_SEC = 0.4
"""Before a dash at the start of a line: somebody else speaks."""
TRAILING_PAUSE_SEC = 0.4
"""After an ellipsis."""
SENTENCE_PAUSE_SEC = 0.25
STRONG_CLAUSE_PAUSE_SEC = 0.2
"""After a semicolon, a colon or a dash."""
CLAUSE_PAUSE_SEC = 0.1

_HEADING = re.compile(r"\s*#{1,6}[ \t]")
_ITEM = re.compile(r"\s*(?:[-*+•‣◦▪][ \t]|[0-9]{1,3}[.)][ \t])")
_TURN = re.compile(r"[ \t]*(?:[—–―]|-[ \t])")
_CLOSERS = " \t\r\n\u3000\u2028\u2029\"'”’»«›)]}」』）】》〉*_"
_ELLIPSES = ("…", "...", "。。。", "⋯", "᠁")
_STRONG = frozenset(";:；：؛;—–―")

_LONGEST_ENDING = 16
"""Marks, closing quotes and brackets, and the white space after them, as far as is looked at."""


def natural_pause_sec(kind: Kind, before: str, after: str) -> float:
    """The silence between `before`, which ends as `kind` says, and what follows it, both as they were written."""
    if kind is Kind.PARAGRAPH:
        return _after_paragraph(before, after)
    if kind is Kind.WORD:
        return 0.0
    marks = before[-_LONGEST_ENDING:].rstrip(_CLOSERS)
    if marks.endswith(_ELLIPSES):
        return TRAILING_PAUSE_SEC
    if kind is Kind.SENTENCE:
        return TURN_PAUSE_SEC if _turns(before, after) else SENTENCE_PAUSE_SEC
    return STRONG_CLAUSE_PAUSE_SEC if marks[-1:] in _STRONG else CLAUSE_PAUSE_SEC


def _after_paragraph(before: str, after: str) -> float:
    if _HEADING.match(before):
        return HEADING_PAUSE_SEC
    return ITEM_PAUSE_SEC if _ITEM.match(before) and _ITEM.match(after) else PARAGRAPH_PAUSE_SEC


def _turns(before: str, after: str) -> bool:
    """Whether a new line begins with a dash, as speech does in French, Spanish, Russian and many other languages."""
    ending = before[len(before.rstrip()) :] + after[: len(after) - len(after.lstrip())]
    return "\n" in ending and _TURN.match(after.lstrip()) is not None
