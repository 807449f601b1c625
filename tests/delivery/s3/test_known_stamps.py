from __future__ import annotations

from worker.delivery.s3.known_stamps import KnownStamps


def test_a_list_asked_for_before_a_change_does_not_undo_it() -> None:
    known = KnownStamps()
    known.note_all({"kept": "1", "removed": "1"}, at=known.now())
    asked = known.now()
    known.note("kept", "2", at=known.now())
    known.note("made", "1", at=known.now())
    known.note("removed", None, at=known.now())
    assert known.note_all({"kept": "1", "removed": "1", "found": "1"}, at=asked) == {
        "kept": "2",
        "made": "1",
        "found": "1",
    }
    assert [known.get(voice_id) for voice_id in ("kept", "made", "removed", "found")] == ["2", "1", None, "1"]


def test_a_list_asked_for_later_is_how_it_is() -> None:
    known = KnownStamps()
    known.note("removed-by-another", "1", at=known.now())
    known.note("kept", "1", at=known.now())
    assert known.note_all({"kept": "2"}, at=known.now()) == {"kept": "2"}
    assert (known.get("kept"), known.get("removed-by-another")) == ("2", None)


def test_an_answer_to_an_earlier_question_does_not_undo_one_to_a_later() -> None:
    known = KnownStamps()
    first, second = known.now(), known.now()
    known.note("me", "new", at=second)
    known.note("me", "old", at=first)
    assert known.get("me") == "new"


def test_names_that_were_never_there_take_no_memory() -> None:
    known = KnownStamps()
    for number in range(10):
        known.note(f"nobody-{number}", None, at=known.now())
    assert not known._facts  # there is no other way to see it
