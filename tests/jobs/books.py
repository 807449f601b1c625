"""Books of the tests, of any length, with digits to be heard in known places."""

from __future__ import annotations

import random

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SUBJECTS = ("The ferry", "An old captain", "Nobody on board", "Her sister", "The whole village", "A stranger")
VERBS = ("left", "remembered", "looked at", "had forgotten", "sailed past", "asked about")
OBJECTS = ("the harbour", "a letter of 1912", "the last crossing", "seven lights", "Dr. Hall", "the weather")
TAILS = ("before noon", "without a word", "as they always had", "in the rain; it was cold", "and went on")


def sentence(draw: random.Random) -> str:
    return f"{draw.choice(SUBJECTS)} {draw.choice(VERBS)} {draw.choice(OBJECTS)} {draw.choice(TAILS)}."


def chapter(number: int, chars: int, draw: random.Random) -> str:
    """Markdown, of about so many characters."""
    parts = [f"# Chapter {number}: {DIGITS[number % 10]}"]
    while sum(map(len, parts)) < chars:
        parts.append(" ".join(sentence(draw) for _ in range(draw.randint(2, 7))))
    return "\n\n".join(parts)


def book(chars: int, chapters: int, seed: int = 1) -> str:
    """Markdown, of about so many characters."""
    draw = random.Random(seed)
    return "\n\n".join(chapter(number, chars // chapters, draw) for number in range(1, chapters + 1)) + "\n"
