"""Sentences that are easy to find again, and the check that all of them were read."""

from __future__ import annotations

from worker.documents.document import Document

_NOUNS = ("harbour", "lantern", "orchard", "violin", "glacier", "market", "compass", "chimney", "meadow", "ferry")
_VERBS = ("opened", "vanished", "glowed", "trembled", "waited", "returned", "echoed")


def sentence(number: int) -> str:
    noun, verb = _NOUNS[number % len(_NOUNS)], _VERBS[number % len(_VERBS)]
    return f"The {noun} of day {_spelt(number)} {verb} before the others had noticed."


def paragraph(number: int) -> str:
    """Three sentences; paragraphs of different numbers have none in common."""
    return " ".join(sentence(3 * number + index) for index in range(3))


def _spelt(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in f"{number:03d}")


def text_of(document: Document) -> str:
    return "\n\n".join(chapter.text for chapter in document.chapters)


def check_read_once(document: Document, sentences: int) -> None:
    """Each of the first sentences stands in the text once, in order."""
    text = " ".join(text_of(document).split())
    places = [text.find(sentence(number)) for number in range(sentences)]
    assert -1 not in places
    assert places == sorted(places)
    assert all(text.count(sentence(number)) == 1 for number in range(sentences))
