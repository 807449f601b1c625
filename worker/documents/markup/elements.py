"""What the elements of HTML mean to a listener."""

from __future__ import annotations

import re

from worker.documents.markup.tokens import Start

BLOCKS = frozenset(
    (
        *("address", "article", "blockquote", "body", "caption", "center", "dd", "details", "dir", "div", "dl", "dt"),
        *("fieldset", "figcaption", "figure", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup"),
        *("hr", "html", "legend", "li", "main", "menu", "ol", "p", "pre", "section", "summary", "table", "tbody"),
        *("tfoot", "thead", "title", "tr", "ul", "docauthor", "navpoint", "navlabel"),
    )
)
"""Elements that begin and end a paragraph; cells of a table do not, a row is one."""
HEADINGS = {f"h{level}": level for level in range(1, 7)}
EMPTY = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
"""Elements without an end tag."""
CLOSED_BY = {
    "li": frozenset(("li",)),
    "dt": frozenset(("dt", "dd")),
    "dd": frozenset(("dt", "dd")),
    "tr": frozenset(("tr", "td", "th")),
    "td": frozenset(("td", "th")),
    "th": frozenset(("td", "th")),
    "option": frozenset(("option",)),
    "rt": frozenset(("rt", "rp")),
    "rp": frozenset(("rt", "rp")),
}
"""Which open elements a start tag ends, in HTML where their end tags may be missing."""
SCOPES = frozenset(("ul", "ol", "dl", "table", "select", "body", "td", "th", "blockquote", "div", "section", "article"))
"""Elements past which no start tag ends another one."""
ENDS_PARAGRAPH = BLOCKS - {
    "body",
    "head",
    "html",
    "title",
    "caption",
    "li",
    "tr",
    "tbody",
    "thead",
    "tfoot",
    "dd",
    "dt",
}
"""Start tags that end an open `<p>`."""
_UNSAID = frozenset(
    (
        *("script", "style", "template", "noscript", "iframe", "object", "embed", "audio", "video", "canvas", "map"),
        *(
            "nav",
            "aside",
            "footer",
            "button",
            "select",
            "option",
            "input",
            "textarea",
            "datalist",
            "dialog",
            "rt",
            "rp",
        ),
        *("xmp", "noembed", "noframes", "svg", "math"),
    )
)
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_UNSAID_TYPES = frozenset(
    (
        *("toc", "landmarks", "page-list", "pagebreak", "noteref", "footnote", "footnotes", "endnotes", "rearnote"),
        *("endnote", "doc-toc", "doc-pagebreak", "doc-noteref", "doc-footnote", "doc-endnotes", "doc-endnote"),
    )
)
_NOTE_TYPES = frozenset(("footnote", "footnotes", "endnotes", "rearnote", "endnote", "doc-footnote", "doc-endnotes"))


def is_unsaid(tag: Start) -> bool:
    """Whether the element is no part of what is read: invisible, a control, navigation, a side note."""
    attributes = tag.attributes
    if tag.name in _UNSAID or "hidden" in attributes or attributes.get("aria-hidden", "").lower() == "true":
        return True
    return not types_of(tag).isdisjoint(_UNSAID_TYPES) or _HIDING.search(attributes.get("style", "")) is not None


def is_note(tag: Start) -> bool:
    """Whether the element is a footnote or a set of them."""
    return not types_of(tag).isdisjoint(_NOTE_TYPES)


def types_of(tag: Start) -> frozenset[str]:
    """What the document says the element is for: its `epub:type` and `role`."""
    return frozenset(f"{tag.attributes.get('epub:type', '')} {tag.attributes.get('role', '')}".lower().split())
