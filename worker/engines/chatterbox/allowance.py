"""The allowance: how many rows may be in use, fewer for a while after memory ran out."""

from __future__ import annotations

from worker.engines.chatterbox.text.budget import LONGEST

QUIET_STEPS = 2 * LONGEST
"""Whoever had to begin again comes to an end before it is tried whether memory has room for more."""


class Allowance:
    """Rows that may be in use, all of them at first."""

    def __init__(self, rows: int, *, quiet_steps: int = QUIET_STEPS) -> None:
        """After `quiet_steps` steps without shortage, twice as many are allowed, up to `rows`."""
        self.most = rows
        self.rows = rows
        """Allowed now, at least 1."""
        self._quiet_steps = quiet_steps
        self._quiet = 0

    def halve(self, in_use: int) -> None:
        """Takes note that memory ran out with `in_use` rows in use."""
        self.rows = max(1, min(self.rows, in_use) // 2)
        self._quiet = 0

    def stepped(self) -> bool:
        """Takes note of a step that had memory; whether more rows are allowed from here on."""
        self._quiet += 1
        if self.rows == self.most or self._quiet < self._quiet_steps:
            return False
        self.rows = min(self.most, 2 * self.rows)
        self._quiet = 0
        return True
