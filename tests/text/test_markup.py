"""Marks that are seen, not heard."""

from __future__ import annotations

import pytest

from worker.text.normalise import normalise


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("# Title #", "Title"),
        ("**bold**, *italic*, __both__ and ~~gone~~", "bold, italic, both and gone"),
        ("use `code` here", "use code here"),
        ("```python\nprint\n```", "print"),
        ("[a link](https://example.com/x_(y)) and ![a picture](p.png)", "a link and a picture"),
        ("- one thing\n* another\n1. first", "one thing another one. first"),
        ("> quoted\n>> twice", "quoted twice"),
        ("| name | age |\n|---|---|\n| Ann | old |", "name, age Ann, old"),
        ("above\n\n---\n\nbelow", "above below"),
        ("a <b>bold</b><br/>word <span class='x'>here</span>", "a bold word here"),
        ("see <https://example.com>", "see example dot com"),
        ("a < b, a<b and c>d, 3 > 2", "a < b, a<b and c>d, three > two"),
        ("a * b, snake_case, 2*x", "a * b, snake_case, two*x"),
        ("note[^1] and \\*star\\*", "note and *star*"),
        ("hi 😀! 👩‍👩‍👧 x👍🏽y 🇭🇹 1️⃣", "hi! x y"),
        ("wow‼", "wow!!"),
        ("a\x00b\u202ec\u200bd\ufeff", "abcd"),
        ("a\tb\r\nc\u00a0d\u2028e", "a b c d e"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("cafe\u0301", "café"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("x" + "\u0301" * 500, "x" + "\u0301" * 4),
    ],
)
def test_markup_is_not_heard(written: str, spoken: str) -> None:
    assert normalise(written, "en") == spoken
