"""Reads Markdown: CommonMark with tables, footnotes and front matter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from markdown_it import MarkdownIt

from worker.documents.document import Document
from worker.documents.encoding import plain_characters
from worker.documents.html import html_document
from worker.documents.limits import DocumentLimits
from worker.errors import TextTooLong

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<fields>(?:(?!---|\.\.\.)[^\n]*\n){0,200}?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_FIELD = re.compile(r"^(title|author|lang|language)[ \t]*:[ \t]*(\S[^\n]*)$", re.MULTILINE | re.IGNORECASE)
_NOTE = re.compile(
    r"^ {0,3}\[\^[^\[\]\s]{1,80}\]:[^\n]*\n?(?:(?:[ \t]+\S|\n(?=(?: {4}|\t)\S))[^\n]*\n?)*+", re.MULTILINE
)
_NOTE_MARK = re.compile(r"\[\^[^\[\]\s]{1,80}\]")
_CHECK_BOX = re.compile(r"^([ \t]*(?:[-*+]|[0-9]{1,3}[.)])[ \t]+)\[[ xX]\][ \t]", re.MULTILINE)

_DEFINITION = re.compile(r"^ {0,3}\[[^\[\]\n]{1,999}\]:[ \t]*\S[^\n]*$", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_CUT = re.compile(r"\n[ \t]*\n(?=[^\W_]|#)")
"""Before a line that goes on with no list, quote or table."""
_LEAST_PART_CHARS = 16_384


def read_markdown(data: bytes, limits: DocumentLimits) -> Document:
    """What the page says once it is set.

    Raises:
        InvalidDocument: it is not UTF-8, or nested too deep.
        TextTooLong: it is over the limit for Markdown.
    """
    if len(data) > limits.max_markdown_bytes:
        raise TextTooLong(
            f"the Markdown has {len(data)} bytes, over the limit of {limits.max_markdown_bytes}: "
            "split it, or send it as plain text"
        )
    source = plain_characters(data)
    front = _FRONT_MATTER.match(source)
    fields = (
        {name.lower(): value.strip().strip("\"'") for name, value in _FIELD.findall(front["fields"])} if front else {}
    )
    body, notes = _NOTE.subn("", source[front.end() :] if front else source)
    body = _CHECK_BOX.sub(r"\1", _NOTE_MARK.sub("", body))
    document = html_document(_html(body, limits.max_markdown_part_bytes), limits)
    return replace(
        document,
        title=fields.get("title") or document.title,
        author=fields.get("author") or document.author,
        language=fields.get("lang") or fields.get("language") or document.language,
        warnings=(
            *document.warnings,
            *((f"{notes} note{'s were' if notes > 1 else ' was'} left out",) if notes else ()),
        ),
    )


def _html(body: str, max_part_chars: int) -> str:
    """The page that the Markdown describes; it is parsed in parts, since each token takes much memory."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    links: dict[str, Any] = {}
    parser.parse("\n".join(_DEFINITION.findall(body)), links)
    pages = []
    for part in _parts(body):
        if len(part) > max_part_chars:
            raise TextTooLong(
                f"a paragraph, list or table of the Markdown is over {max_part_chars} characters: send it as plain text"
            )
        pages.append(parser.render(part, links))
    return "".join(pages)


def _parts(body: str) -> Iterator[str]:
    """Parts that can be parsed by themselves."""
    start, fences, seen = 0, 0, 0
    for cut in _CUT.finditer(body):
        if cut.end() - start < _LEAST_PART_CHARS:
            continue
        fences += len(_FENCE.findall(body[seen : cut.end()]))
        seen = cut.end()
        if fences % 2 == 0:
            yield body[start : cut.end()]
            start = cut.end()
    yield body[start:]
