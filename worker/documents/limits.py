"""Limits: what a document may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """What a document may hold; each is checked before the memory for it is taken."""

    max_bytes: int = 100 * 2**20
    """Of the file, pictures and fonts included."""
    max_text_bytes: int = 100 * 2**20
    """Of the text, and of everything unpacked to get at it. A long novel has three million."""
    max_markdown_bytes: int = 4 * 2**20
    """Of Markdown, whose parser is slow where markers stand close."""
    max_markdown_part_bytes: int = 2**18
    """Of a paragraph, list or table in it; its parser takes hundreds of bytes for each marker."""
    max_chapters: int = 5_000
    max_entries: int = 20_000
    """Files in an EPUB."""
    max_ratio: int = 200
    """Bytes unpacked for each byte packed, in a file of an EPUB over a mebibyte; prose has three to five."""
    max_pages: int = 10_000
    """Of a PDF."""
    max_page_bytes: int = 16 * 2**20
    """Of one compressed part of a PDF, such as the drawing of a page, when unpacked."""
    max_depth: int = 512
    """Of elements within elements; browsers stop there too."""
