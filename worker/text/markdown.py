"""Markdown and plain HTML tags taken out of a text that is to be spoken."""

from __future__ import annotations

import re

_TAG_NAMES = (
    "a|abbr|b|big|blockquote|br|center|cite|code|dd|del|div|dl|dt|em|font|h[1-6]|hr|i|img|ins|kbd|li|mark|ol|p|pre|q|s|"
    "samp|small|span|strike|strong|sub|sup|table|tbody|td|th|thead|tr|tt|u|ul|var"
)
_ATTRIBUTE = r"""\s{1,8}[A-Za-z][\w:-]{0,40}(?:\s?=\s?(?:"[^"<>]{0,500}+"|'[^'<>]{0,500}+'|[^\s"'<>]{1,500}+))"""
_TAG = re.compile(rf"</?(?P<name>{_TAG_NAMES})(?:{_ATTRIBUTE}){{0,8}}+\s{{0,8}}/?>", re.IGNORECASE)
_INLINE_TAGS = frozenset(
    (
        *("a", "abbr", "b", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "q", "s"),
        *("samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var"),
    )
)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)?[^\s<>@:]{1,80}[@:.][^\s<>]{1,2000})>")
# Every scan stops at the next bracket, so that runs of brackets stay linear. `[text][label]` is left alone: engines
# know tags such as `[laugh]`.
_TARGET = r"\((?:[^()\n]++|\([^()\n]*+\))*+\)"
_LINK = re.compile(rf"!?\[(?P<text>[^\[\]\n]{{0,1000}}+)\]{_TARGET}")
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]{1,40}\]:?")
_DEFINITION = re.compile(r" {0,3}\[[^\[\]\n]{1,200}\]: {0,8}\S+")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]+|$)")
_QUOTE = re.compile(r"(?: {0,3}>(?![=\d]))+ ?")
_BULLET = re.compile(r"[ \t]*[-*+•‣◦▪](?:[ \t]+(?:\[[ xX]\][ \t]+)?|$)")
_NUMBERED = re.compile(r"[ \t]{0,8}[0-9]{1,3}[.)][ \t]")
_RULE_MARKS = frozenset("-*_= \t")
_SHORTEST_RULE = 3
_TABLE_RULE_MARKS = frozenset("|:- \t")
_EMPHASIS = re.compile(r"\*+|_+|~~+|`+")
_ESCAPED = re.compile(r"\\([*_`#\[\]()~>|-])")


def plain_text(text: str) -> str:
    """The text without markers; lines stay lines."""
    text = _TAG.sub(_gap_of_tag, text) if "<" in text else text
    text = _AUTOLINK.sub(r"\1", text) if "<" in text else text
    if "[" in text:
        text = _LINK.sub(lambda match: match["text"], _FOOTNOTE.sub("", text))
    lines = [said for line in text.split("\n") if (said := _line(line)) is not None]
    return _ESCAPED.sub(r"\1", _EMPHASIS.sub(_kept_run, "\n".join(lines)))


def is_block_line(line: str) -> bool:
    """Whether a line stands by itself: a heading, list item, table row, rule or fence."""
    starts = (_FENCE, _HEADING, _BULLET, _NUMBERED)
    return line.startswith("|") or _is_rule(line) or any(start.match(line) for start in starts)


def link_spans(text: str) -> list[tuple[int, int]]:
    """Where links stand, which fall apart when they are cut."""
    return [match.span() for match in _LINK.finditer(text)]


def _gap_of_tag(match: re.Match[str]) -> str:
    return "" if match["name"].lower() in _INLINE_TAGS else " "


def _line(line: str) -> str | None:
    """The line without its marker; None for a line that is nothing else."""
    if _FENCE.match(line) or _is_rule(line) or _DEFINITION.fullmatch(line.rstrip()):
        return None
    line = line[quote.end() :] if (quote := _QUOTE.match(line)) else line
    if line.lstrip().startswith("|"):
        return _table_row(line)
    if heading := _HEADING.match(line):
        return line[heading.end() :].rstrip().rstrip("#").rstrip()
    return line[bullet.end() :] if (bullet := _BULLET.match(line)) else line


def _is_rule(line: str) -> bool:
    marks = set(line)
    return len(line) >= _SHORTEST_RULE and marks <= _RULE_MARKS and len(marks - {" ", "\t"}) == 1


def _table_row(line: str) -> str | None:
    if set(line) <= _TABLE_RULE_MARKS:
        return None
    return ", ".join(cell for part in line.split("|") if (cell := part.strip()))


def _kept_run(match: re.Match[str]) -> str:
    """Markers are dropped; one between two letters, digits or spaces is text: `snake_case`, `2*3`, `a * b`."""
    before = match.string[match.start() - 1] if match.start() else " "
    after = match.string[match.end() : match.end() + 1] or " "
    if before == "\\" and len(match.group()) == 1:
        return match.group()
    single = match.group() in {"*", "_", "__", "`"}
    inside_word = before.isalnum() and after.isalnum() and match.group()[0] != "~"
    alone = before.isspace() and after.isspace() and match.start() > 0
    return match.group() if single and (inside_word or alone) else ""
