"""HTML and XML as a stream of tags and text, in one pass that never looks back.

A tree builder copies open formatting elements into every block, so a few megabytes can ask it for gigabytes; an XML
parser expands entities and refuses what books in the wild get wrong. What is read aloud needs neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

_TOKEN = re.compile(
    r"""
      <!--(?:>|->|.*?(?:--!?>|\Z))
    | <!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)
    | <!DOCTYPE[^\[>]*+(?:\[.*?\]\s*>|>|\Z)
    | <[!?][^>]*+(?:>|\Z)
    | </(?P<end>[A-Za-z][^\s/>]*+)[^>]*+(?:>|\Z)
    | <(?P<start>[A-Za-z][^\s/>]*+)
      (?P<attributes>(?:[^>=]|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|(?!["'])))*+)
      (?:>|\Z)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""([^\s=/"'<>]++)(?:\s*+=\s*+(?:"([^"]*+)"?|'([^']*+)'?|([^\s"'>]++)))?""")
_MOST_ATTRIBUTES = 100
_RAW = frozenset(("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"))
"""Elements in which `<` is text, up to their own end tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A start tag."""

    name: str
    """In lower case, without its namespace prefix."""
    attributes: dict[str, str] = field(default_factory=dict)
    """Names in lower case, `xml:lang` and `epub:type` with their prefix."""
    closed: bool = False
    """Whether it ends itself: `<br/>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """An end tag."""

    name: str


Token = Start | End | str


def tokens(markup: str, *, xml: bool = False) -> Iterator[Token]:
    """Tags, and the text between them with entities resolved; comments and declarations fall away.

    Entities are those of HTML; ones that the document declares stay as they are written, unexpanded.
    In XML, `<title/>` is empty and `<` is never text.
    """
    position = 0
    while position < len(markup):
        match = _TOKEN.search(markup, position)
        if match is None:
            break
        if match.start() > position:
            yield unescape(markup[position : match.start()])
        position = match.end()
        yield from _token(match, xml=xml)
        name = _local(match["start"]) if match["start"] else ""
        if name in _RAW and not (xml and match["attributes"].endswith("/")):
            end = _end_of_raw(markup, name, position)
            text = markup[position:end]
            yield unescape(text) if name in ("title", "textarea") else text
            position = end
    if position < len(markup):
        yield unescape(markup[position:])


def _token(match: re.Match[str], *, xml: bool) -> Iterator[Token]:
    if match["start"]:
        written = match["attributes"]
        yield Start(name=_local(match["start"]), attributes=_attributes(written), closed=written.endswith("/"))
    elif match["end"]:
        yield End(name=_local(match["end"]))
    elif match["cdata"] and xml:
        yield match["cdata"]


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _attributes(written: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if "=" not in written and not written.strip("/ \n\t"):
        return found
    for count, match in enumerate(_ATTRIBUTE.finditer(written)):
        if count == _MOST_ATTRIBUTES:
            break
        found.setdefault(match[1].lower(), unescape(match[2] or match[3] or match[4] or ""))
    return found


def _end_of_raw(markup: str, name: str, position: int) -> int:
    end = re.compile(rf"</(?:[a-z]+:)?{name}(?=[\s/>])", re.IGNORECASE).search(markup, position)
    return end.start() if end else len(markup)
