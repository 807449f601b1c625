"""Voice tags: where one speaker hands over to the next."""

from __future__ import annotations

import pytest

from worker.errors import InvalidRequest
from worker.text.voice_tags import has_voice_tags, stretches


def said(source: str) -> list[tuple[str | None, str]]:
    return [(each.voice, source[each.start : each.end]) for each in stretches(source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[voice:anna] Hello. [voice:carlos] ¡Hola!", [("anna", " Hello. "), ("carlos", " ¡Hola!")]),
        ("First. [VOICE: Léa B ]Then.", [(None, "First. "), ("Léa B", "Then.")]),
        ("[voice:a][voice:b] \n [voice:c]x", [("c", "x")]),
        ("no tags [laugh] [pause:1s] (voice:x)", [(None, "no tags [laugh] [pause:1s] (voice:x)")]),
        ("a[voice:x]", [(None, "a")]),
        (" ", []),
        ("", []),
    ],
)
def test_stretches_are_what_stands_between_the_tags(source: str, expected: list[tuple[str | None, str]]) -> None:
    assert said(source) == expected


@pytest.mark.parametrize("source", ["[voice]", "a [voice:] b", "[voice: ] x", "[voice:anna", "[voice:an\nna]"])
def test_a_tag_that_names_nobody_is_refused_without_a_word_of_the_text(source: str) -> None:
    with pytest.raises(InvalidRequest, match=r"Write \[voice:sarah\]") as caught:
        stretches(source)
    assert caught.value.field == "text"
    assert "anna" not in str(caught.value)


def test_tags_are_noticed_where_nobody_asked_for_them() -> None:
    assert has_voice_tags("Hello [voice:x] there")
    assert has_voice_tags("[voice]")
    assert not has_voice_tags("[voices] invoice: voice:x")
