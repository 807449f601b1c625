"""The table of contents of an EPUB: the navigation document of EPUB 3, or the NCX file of EPUB 2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from worker.documents.encoding import markup_characters
from worker.documents.epub.archive import Archive, path_of
from worker.documents.epub.package import Package
from worker.documents.markup.elements import types_of
from worker.documents.markup.tokens import End, Start, tokens
from worker.documents.outline import chapter_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the table of contents."""

    label: str
    path: str
    """Name in the archive of the file it leads to."""
    anchor: str
    """Id in that file, or blank for its beginning."""
    depth: int
    """How many lists it stands in."""


def entries_of(archive: Archive, package: Package) -> list[Entry]:
    """The entries that begin a chapter, in the order of the table.

    Raises:
        InvalidDocument: the table cannot be unpacked or is not in the encoding it declares.
    """
    entries: list[Entry] = []
    if package.navigation and package.navigation in archive:
        entries = list(_navigation(markup_characters(archive.read(package.navigation)), package.navigation))
    if not entries and package.contents and package.contents in archive:
        entries = list(_ncx(markup_characters(archive.read(package.contents)), package.contents))
    return [entries[index] for index in chapter_lines([(entry.label, entry.depth) for entry in entries])]


def _navigation(markup: str, base: str) -> Iterator[Entry]:
    depth, inside, target, label = 0, False, "", list[str]()
    for token in tokens(markup, xml=True):
        if isinstance(token, str):
            label.append(token)
        elif token.name == "nav":
            inside = isinstance(token, Start) and "toc" in types_of(token)
        elif token.name == "ol":
            depth += 1 if isinstance(token, Start) else -1
        elif token.name == "a" and isinstance(token, Start):
            target, label = token.attributes.get("href", ""), []
        elif token.name == "a" and inside:
            yield from _entry(label, target, base, depth)


def _ncx(markup: str, base: str) -> Iterator[Entry]:
    depth, label, in_text = 0, list[str](), False
    for token in tokens(markup, xml=True):
        if isinstance(token, str):
            if in_text:
                label.append(token)
        elif token.name == "navpoint":
            depth += 1 if isinstance(token, Start) else -1
            label = []
        elif token.name == "text":
            in_text = isinstance(token, Start)
        elif token.name == "content" and not isinstance(token, End) and depth:
            yield from _entry(label, token.attributes.get("src", ""), base, depth)
        elif token.name in ("pagelist", "navlist"):
            return


def _entry(label: Sequence[str], target: str, base: str, depth: int) -> Iterator[Entry]:
    said = " ".join("".join(label).split())
    file, _, anchor = target.partition("#")
    path = path_of(base, unquote(file)) if file else base
    if said and path:
        yield Entry(label=said, path=path, anchor=unquote(anchor), depth=depth)
