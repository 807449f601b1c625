"""The package file of an EPUB: what the book is called, and which files it has in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from worker.documents.encoding import markup_characters
from worker.documents.epub.archive import Archive, path_of
from worker.documents.markup.tokens import Start, tokens
from worker.errors import InvalidDocument

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_OBFUSCATIONS = frozenset(("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#rc"))
"""Of fonts; the text stays open."""
_PAGES = frozenset(("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"))
_METADATA = ("title", "creator", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What the package file says."""

    title: str | None
    author: str | None
    language: str | None
    pages: tuple[str, ...]
    """Names in the archive of what is read, in order, each once."""
    navigation: str | None
    """Name of the EPUB 3 navigation document."""
    contents: str | None
    """Name of the EPUB 2 table of contents, an NCX file."""


@dataclass(slots=True)
class _Item:
    path: str | None
    media_type: str
    properties: frozenset[str]


@dataclass(slots=True)
class _Reading:
    items: dict[str, _Item] = field(default_factory=dict)
    order: list[tuple[str, bool]] = field(default_factory=list)
    """Ids of the spine, and whether each is in the line of reading."""
    contents_id: str = ""
    texts: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in _METADATA})


def package_of(archive: Archive) -> Package:
    """The book's package.

    Raises:
        InvalidDocument: the archive is no EPUB, is locked by a seller, or its package names no pages.
    """
    if _CONTAINER not in archive:
        raise InvalidDocument(
            "the archive is no EPUB: it has no META-INF/container.xml. Word and ODF files are not read"
        )
    _refuse_locked(archive)
    path = next(
        (path for tag in _starts(archive, _CONTAINER, "rootfile") if (path := tag.attributes.get("full-path"))), ""
    )
    reading = _read(archive, path, markup_characters(archive.read(path)))
    pages = [
        item.path
        for name, in_line in reading.order
        if in_line and (item := reading.items.get(name)) and item.path and item.media_type in _PAGES
    ]
    if not pages:
        raise InvalidDocument("the EPUB is damaged: its package names no pages")
    navigation = (item.path for item in reading.items.values() if "nav" in item.properties)
    contents = reading.items.get(reading.contents_id)
    texts = {name: " ".join("".join(parts).split()) or None for name, parts in reading.texts.items()}
    return Package(
        title=texts["title"],
        author=texts["creator"],
        language=texts["language"],
        pages=tuple(dict.fromkeys(pages)),
        navigation=next(navigation, None),
        contents=contents.path if contents else None,
    )


def _refuse_locked(archive: Archive) -> None:
    if _ENCRYPTION not in archive:
        return
    methods = _starts(archive, _ENCRYPTION, "encryptionmethod")
    if any(tag.attributes.get("algorithm", "").lower() not in _OBFUSCATIONS for tag in methods):
        raise InvalidDocument("the EPUB is locked by its seller (DRM): send a copy without it")


def _starts(archive: Archive, path: str, name: str) -> Iterator[Start]:
    found = tokens(markup_characters(archive.read(path)), xml=True)
    return (token for token in found if isinstance(token, Start) and token.name == name)


def _read(archive: Archive, path: str, markup: str) -> _Reading:
    reading = _Reading()
    under = ""
    for token in tokens(markup, xml=True):
        if isinstance(token, str):
            if under:
                reading.texts[under].append(token)
            continue
        opens = isinstance(token, Start) and token.name in _METADATA and not reading.texts[token.name]
        under = token.name if opens else ""
        if isinstance(token, Start):
            _note(reading, token, path, archive)
    return reading


def _note(reading: _Reading, tag: Start, path: str, archive: Archive) -> None:
    attributes = tag.attributes
    if tag.name == "item" and "href" in attributes:
        target = path_of(path, unquote(attributes["href"].partition("#")[0]))
        if target and target not in archive:
            target = path_of(path, attributes["href"])
        reading.items[attributes.get("id", "")] = _Item(
            path=target,
            media_type=attributes.get("media-type", "").lower(),
            properties=frozenset(attributes.get("properties", "").split()),
        )
    elif tag.name == "itemref":
        reading.order.append((attributes.get("idref", ""), attributes.get("linear", "yes").lower() != "no"))
    elif tag.name == "spine":
        reading.contents_id = attributes.get("toc", "")
