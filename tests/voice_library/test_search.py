from __future__ import annotations

from voice_library.library import VoiceLibrary
from voice_library.search import NameIndex
from voice_library.voice import Profile, Voice


def made(voice_id: str, *names: str, aliases: tuple[str, ...] = (), tags: tuple[str, ...] = ()) -> Voice:
    return Voice(id=voice_id, names=names, language="en", gender="female", aliases=aliases, tags=tags)


LIBRARY = VoiceLibrary(
    voices=(
        made("joan", "Joan of the Marys"),
        made("aunt-mary", "Aunt Mary", tags=("warm", "audiobook")),
        made("lea", "L\u00e9a", aliases=("nova",), tags=("warm",)),
        made("mary-ann", "Mary Ann"),
    ),
    profiles=(Profile(id="deep-mary", names=("Deep Mary",), voice="mary-ann"),),
)


def found(text: str) -> list[str]:
    return [entry.id for entry in LIBRARY.search(text)]


def test_a_part_of_a_name_finds_it_those_first_that_begin_with_it() -> None:
    assert found("mary") == ["mary-ann", "joan", "aunt-mary", "deep-mary"]
    assert found("novA") == found("LEA") == ["lea"]


def test_every_word_has_to_stand_somewhere() -> None:
    assert found("warm mary") == ["aunt-mary"]
    assert found("mary  WARM") == ["aunt-mary"]
    assert found("mary nobody") == []


def test_what_stands_across_two_names_is_no_match() -> None:
    assert found("maryaunt") == []
    assert found("warmaudiobook") == []


def test_nothing_finds_nothing() -> None:
    assert found("") == found("  - ") == found("\n") == found("\x1f") == []


def test_each_entry_is_found_once_however_often_it_matches() -> None:
    entries = [made(f"v-{number}", "La la la", "la") for number in range(100)]
    assert NameIndex(entries).find("la") == entries
