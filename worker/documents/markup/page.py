"""The paragraphs and headings of an HTML page, from its stream of tags."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from worker.documents.markup.elements import (
    BLOCKS,
    CLOSED_BY,
    EMPTY,
    ENDS_PARAGRAPH,
    HEADINGS,
    SCOPES,
    is_note,
    is_unsaid,
)
from worker.documents.markup.tokens import End, Start, tokens
from worker.errors import InvalidDocument

_SPACES = re.compile(r"[ \t\n\r\f]+")
_BREAKS = re.compile(r" *\n *")
_NOTE_MARK = re.compile(r"\W*(?:[0-9]{1,4}|[a-z]|[ivxlc]{1,6}|[*†‡§¶]{1,4})\W*", re.IGNORECASE)
_CELL = "\x1f"
"""Stands between the cells of a row until it is known what the first one ends with."""
_CELLS = re.compile(rf"(?P<last>[^\s{_CELL}]?)[\s{_CELL}]*{_CELL}[\s{_CELL}]*")
_ENDS_CELL = frozenset(".!?…:;,")
_ITEM_NUMBER = re.compile("[0-9]{1,4}")
_LONGEST_NOTE_MARK = 8
"""Pieces of text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph or a heading."""

    text: str
    level: int = 0
    """Of a heading, 1 to 6; 0 is a paragraph."""
    anchors: tuple[str, ...] = ()
    """Ids of the elements that begin at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page says, and what it says of itself."""

    blocks: list[Block]
    title: str | None
    author: str | None
    language: str | None
    left_out: Counter[str]
    """How many of which are not read: `code blocks`, `pictures`, `formulas`, `notes`."""


def page_of(markup: str, *, max_depth: int, xml: bool = False) -> Page:
    """The page's blocks in order.

    Raises:
        InvalidDocument: elements are nested deeper than `max_depth`.
    """
    reader = _PageReader(max_depth=max_depth, xml=xml)
    for token in tokens(markup, xml=xml):
        if isinstance(token, str):
            reader.text(token)
        elif isinstance(token, Start):
            reader.start(token)
        elif isinstance(token, End):
            reader.end(token.name)
    return reader.page()


@dataclass(slots=True, kw_only=True)
class _Element:
    """An element that is open."""

    name: str
    unsaid: bool
    """Whether it is what keeps its content from being read."""
    mark: int
    """How many pieces of text there were when it began."""
    linked: bool = False
    count: int = 0
    """Of the last item of an ordered list."""


@dataclass(slots=True, kw_only=True)
class _PageReader:
    max_depth: int
    xml: bool
    blocks: list[Block] = field(default_factory=list)
    open: list[_Element] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)
    """Of the open elements."""
    pieces: list[str] = field(default_factory=list)
    """Of the block under way."""
    begun: bool = False
    """Whether the block under way has more than white space."""
    anchors: list[str] = field(default_factory=list)
    prefix: str = ""
    """The number of the list item that begins."""
    picture: str = ""
    """The description of the last picture in the block under way."""
    level: int = 0
    unsaid: int = 0
    """How many open elements keep their content from being read."""
    title: str | None = None
    author: str | None = None
    language: str | None = None
    left_out: Counter[str] = field(default_factory=Counter)

    def page(self) -> Page:
        self._finish_block()
        return Page(
            blocks=self.blocks,
            title=self.title,
            author=self.author,
            language=self.language,
            left_out=self.left_out,
        )

    def text(self, text: str) -> None:
        if self.open and self.open[-1].name == "title":
            # The first one is the page's; later ones belong to drawings.
            self.title = text if self.title is None else self.title
        elif not self.unsaid:
            text = text.replace(_CELL, " ")
            self.begun = self.begun or not text.isspace()
            self.pieces.append(text if self.names["pre"] else _SPACES.sub(" ", text))

    def start(self, tag: Start) -> None:
        self._imply_ends(tag.name)
        if tag.name in BLOCKS:
            self._finish_block()
        self._note(tag)
        if not self.unsaid and (anchor := tag.attributes.get("id")):
            self.anchors.append(anchor)
        if tag.name in EMPTY:
            self._empty(tag)
        elif not (tag.closed and self.xml):
            self._open(tag)

    def end(self, name: str) -> None:
        if name == "br":
            self.pieces.append("\n")
        if not self.names[name] or name in EMPTY:
            return
        while self.open:
            if self._close().name == name:
                return

    def _open(self, tag: Start) -> None:
        if len(self.open) >= self.max_depth:
            raise InvalidDocument(f"the document's elements are nested deeper than {self.max_depth}: simplify it")
        if tag.name == "q":
            self.text("“")
        if tag.name in ("td", "th") and self.begun:
            self.pieces.append(_CELL)
        if tag.name == "li":
            self._count_item(tag)
        listing = tag.name == "code" and not self.begun and self.names["pre"] > 0
        unsaid = listing or is_unsaid(tag)
        self.level = HEADINGS.get(tag.name, self.level)
        count = (_number(tag.attributes.get("start", "")) or 1) - 1
        self.open.append(_Element(name=tag.name, unsaid=unsaid, mark=len(self.pieces), count=count))
        self.names[tag.name] += 1
        self.unsaid += unsaid
        if tag.name == "a":
            for element in self.open[-4:]:
                element.linked = True
        if listing:
            self.left_out["code blocks"] += 1

    def _close(self) -> _Element:
        element = self.open.pop()
        self.names[element.name] -= 1
        self.unsaid -= element.unsaid
        if element.name == "q":
            self.text("”")
        if element.name == "sup" and element.linked and len(self.pieces) - element.mark <= _LONGEST_NOTE_MARK:
            self._drop_note_mark(element.mark)
        if element.name in BLOCKS:
            self._finish_block()
        if element.name in HEADINGS:
            self.level = 0
        return element

    def _drop_note_mark(self, mark: int) -> None:
        if _NOTE_MARK.fullmatch("".join(self.pieces[mark:])):
            del self.pieces[mark:]

    def _imply_ends(self, name: str) -> None:
        """Ends what the start tag ends: `<li>` the last item, a block an open paragraph."""
        if self.xml:
            return
        if self.names["p"] and name in ENDS_PARAGRAPH:
            self.end("p")
        closed = CLOSED_BY.get(name, frozenset())
        if not any(self.names[other] for other in closed):
            return
        for depth in range(len(self.open) - 1, -1, -1):
            if self.open[depth].name in closed:
                while len(self.open) > depth:
                    self._close()
                if name != "tr" or not self.names["tr"]:
                    return
            elif self.open[depth].name in SCOPES:
                return

    def _note(self, tag: Start) -> None:
        """What the tag says of the page as a whole."""
        if tag.name in ("html", "body") and self.language is None:
            self.language = tag.attributes.get("lang") or tag.attributes.get("xml:lang")
        elif tag.name == "meta" and tag.attributes.get("name", "").lower() in ("author", "dc.creator"):
            self.author = self.author or tag.attributes.get("content")
        elif tag.name == "math" and not self.unsaid:
            self.left_out["formulas"] += 1
        elif is_note(tag) and not self.unsaid:
            self.left_out["notes"] += 1

    def _empty(self, tag: Start) -> None:
        if self.unsaid:
            return
        if tag.name == "br":
            self.pieces.append("\n")
        elif tag.name == "img" and not is_unsaid(tag):
            self.left_out["pictures"] += 1
            self.picture = tag.attributes.get("alt", "")

    def _count_item(self, tag: Start) -> None:
        lists = next((element for element in reversed(self.open[-8:]) if element.name in ("ol", "ul")), None)
        if lists is not None and lists.name == "ol":
            lists.count = _number(tag.attributes.get("value", "")) or lists.count + 1
            self.prefix = f"{lists.count}. "

    def _finish_block(self) -> None:
        text = _CELLS.sub(_between_cells, _BREAKS.sub("\n", "".join(self.pieces).replace("\xad", "")))
        paragraphs = [part for part in re.split(r"\n{2,}", re.sub(r" {2,}", " ", text).strip()) if part.strip()]
        if not paragraphs and self.level and self.picture.strip():
            paragraphs = [_SPACES.sub(" ", self.picture).strip()]
        if paragraphs:
            paragraphs[0] = self.prefix + paragraphs[0]
            self.prefix = ""
        for number, paragraph in enumerate(paragraphs):
            said = paragraph.replace("\n", " ") if self.level else paragraph.strip()
            anchors = () if number else tuple(self.anchors)
            self.blocks.append(Block(text=said, level=self.level, anchors=anchors))
        if paragraphs:
            self.anchors.clear()
        self.pieces.clear()
        self.begun = False
        self.picture = ""
        for element in self.open[-8:]:
            element.mark = 0


def _number(written: str) -> int | None:
    """Of a list item; None for what is no number, or too long for one."""
    return int(written) if _ITEM_NUMBER.fullmatch(written) else None


def _between_cells(match: re.Match[str]) -> str:
    return match["last"] + (" " if match["last"] in _ENDS_CELL else ", ") if match["last"] else ""
