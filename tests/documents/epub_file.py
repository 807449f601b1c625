"""Writes EPUB files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""

ENCRYPTION = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">
<enc:EncryptedData><enc:EncryptionMethod Algorithm="{}"/>
<enc:CipherData><enc:CipherReference URI="OEBPS/font.otf"/></enc:CipherData></enc:EncryptedData></encryption>"""
OBFUSCATED_FONT = ENCRYPTION.format("http://www.idpf.org/2008/embedding")
LOCKED = ENCRYPTION.format("http://www.w3.org/2001/04/xmlenc#aes256-cbc")

Links = Sequence[tuple[str, str, int]]
"""Label, target and depth of each line of a table of contents; the first has depth 1."""


def page(body: str, title: str = "") -> str:
    return f"""<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" xml:lang="en">
<head><title>{title}</title><style>p {{ margin: 0 }}</style></head><body>{body}</body></html>"""


def package(pages: Sequence[str], *, linear: Mapping[str, str], version: int) -> str:
    items = "".join(
        f'<item id="p{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(pages)
    )
    refs = "".join(f'<itemref idref="p{n}" linear="{linear.get(name, "yes")}"/>' for n, name in enumerate(pages))
    table = (
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        if version == 3
        else '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    )
    toc = "" if version == 3 else ' toc="ncx"'
    return f"""<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="{version}.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The &amp; Book</dc:title>
<dc:creator id="a">Ann Author</dc:creator><dc:language>en-GB</dc:language></metadata>
<manifest>{table}{items}<item id="pic" href="a.png" media-type="image/png"/></manifest>
<spine{toc}>{refs}</spine></package>"""


def navigation(links: Links) -> str:
    return page(
        f'<nav epub:type="toc"><h1>Contents</h1>{_lists(list(links), 1)}</nav><nav epub:type="landmarks"><ol><li>'
        '<a href="nowhere.xhtml">Start</a></li></ol></nav>'
    )


def ncx(links: Links) -> str:
    points = _points(list(links), 1)
    return f"""<?xml version="1.0"?>
<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><docTitle><text>The Book</text></docTitle>
<navMap>{points}</navMap></ncx>"""


def epub_of(
    pages: Mapping[str, str],
    *,
    links: Links = (),
    version: int = 3,
    linear: Mapping[str, str] | None = None,
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """A book of XHTML pages, in their order, with the files of `more` added or put in the place of others."""
    table = {"OEBPS/nav.xhtml": navigation(links)} if version == 3 else {"OEBPS/toc.ncx": ncx(links)}
    files: dict[str, str | bytes] = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/content.opf": package(list(pages), linear=linear or {}, version=version),
        **table,
        **{f"OEBPS/{name}": text for name, text in pages.items()},
        "OEBPS/a.png": b"\x89PNG",
        **(more or {}),
    }
    return zip_of(files)


def zip_of(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/epub+zip")
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _lists(links: list[tuple[str, str, int]], depth: int) -> str:
    items = ""
    while links and links[0][2] >= depth:
        label, target, _ = links.pop(0)
        below = _lists(links, depth + 1) if links and links[0][2] > depth else ""
        items += f'<li><a href="{target}">{label}</a>{below}</li>'
    return f"<ol>{items}</ol>"


def _points(links: list[tuple[str, str, int]], depth: int) -> str:
    points = ""
    while links and links[0][2] >= depth:
        label, target, _ = links.pop(0)
        below = _points(links, depth + 1) if links and links[0][2] > depth else ""
        points += (
            f'<navPoint id="n"><navLabel><text>{label}</text></navLabel><content src="{target}"/>{below}</navPoint>'
        )
    return points
