"""After a shortage fewer rows are allowed, and after a quiet time more again."""

from __future__ import annotations

from worker.engines.chatterbox.allowance import QUIET_STEPS, Allowance
from worker.engines.chatterbox.text.budget import LONGEST


def test_half_of_what_was_in_use_is_allowed_down_to_one() -> None:
    allowance = Allowance(64)
    halved = []
    for in_use in (64, 32, 9, 3, 1):
        allowance.halve(in_use)
        halved.append(allowance.rows)
    assert halved == [32, 16, 4, 1, 1]


def test_a_shortage_with_few_in_use_leaves_half_of_those() -> None:
    allowance = Allowance(64)
    allowance.halve(6)
    assert allowance.rows == 3


def test_it_doubles_after_each_quiet_time_up_to_all() -> None:
    allowance = Allowance(12, quiet_steps=10)
    allowance.halve(6)
    seen = [(allowance.stepped(), allowance.rows) for _ in range(40)]
    assert [rows for _, rows in seen[:9]] == [3] * 9
    assert [step for step, (grown, _) in enumerate(seen, 1) if grown] == [10, 20]
    assert [rows for _, rows in seen[9::10]] == [6, 12, 12, 12]


def test_a_shortage_begins_the_quiet_time_anew() -> None:
    allowance = Allowance(8, quiet_steps=10)
    allowance.halve(8)
    for _ in range(9):
        allowance.stepped()
    allowance.halve(4)
    assert not any(allowance.stepped() for _ in range(9))
    assert allowance.stepped()


def test_nobody_has_to_begin_again_for_ever() -> None:
    assert QUIET_STEPS > LONGEST  # who was put back and admitted again comes to an end before the next trial
