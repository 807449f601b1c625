"""What is wrong in a catalogue, gathered so that a thousand like entries make one message."""

from __future__ import annotations

from collections.abc import Iterator

from builder.voices.legacy.errors import UnusableCatalog
from voice_library.errors import quoted

EXAMPLES = 3


class Faults:
    """Kinds of faults, with the entries that have them."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._entries: dict[str, list[str]] = {}

    def add(self, kind: str, entry: object) -> None:
        """Notes that an entry has a fault; `kind` is a predicate with the remedy, to which entries are added."""
        self._entries.setdefault(kind, []).append(quoted(entry) if isinstance(entry, str) else "one without a name")

    def errors(self) -> Iterator[UnusableCatalog]:
        """One per kind."""
        for kind, entries in self._entries.items():
            more = f" and {len(entries) - EXAMPLES} more" if len(entries) > EXAMPLES else ""
            yield UnusableCatalog(f"{kind}: {', '.join(entries[:EXAMPLES])}{more}", file=self._file)
