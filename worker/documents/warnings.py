"""What the caller is told of what was left out."""

from __future__ import annotations

from collections import Counter

_ONE = {"code blocks": "code block", "pictures": "picture", "formulas": "formula", "notes": "note"}


def warnings_of(left_out: Counter[str]) -> tuple[str, ...]:
    """One sentence for each kind of thing that is not read."""
    return tuple(
        f"{count} {_ONE[thing] if count == 1 else thing} {'was' if count == 1 else 'were'} left out"
        for thing, count in sorted(left_out.items())
        if count
    )
