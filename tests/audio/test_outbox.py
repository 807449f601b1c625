from __future__ import annotations

from worker.audio.outbox import Outbox, Piece


def test_what_was_taken_from_an_outbox_is_forgotten() -> None:
    outbox = Outbox()
    outbox.write(b"one")
    outbox.write(b"two")
    assert outbox.taken() == [Piece(0, b"onetwo")]
    assert outbox.taken() == []
    outbox.write(b"three")
    assert outbox.taken() == [Piece(6, b"three")]


def test_a_patch_is_a_piece_of_its_own_and_does_not_move_the_end() -> None:
    outbox = Outbox()
    outbox.write(b"header")
    outbox.seek(0)
    outbox.write(b"HE")
    assert outbox.seek(0, 2) == 6
    assert outbox.seek(-1, 1) == outbox.tell() == 5
    assert outbox.taken() == [Piece(0, b"header"), Piece(0, b"HE")]
