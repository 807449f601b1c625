"""How a text is written for a member's tokenizer, before its tokens are looked up."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Mapping
from typing import Protocol

from worker.engines.chatterbox.text.scripts import Preparation, preparation

SPACE = "[SPACE]"
"""A blank's token."""


class Writing(Protocol):
    """One member's way; threads may share it."""

    def written(self, text: str, language: str) -> str:
        """`text` in `language`, one of the member's, as its tokenizer takes it."""

    def shortcomings(self, language: str) -> tuple[str, ...]:
        """What is not done for `language` here that would be elsewhere, each with advice."""


class Plain:
    """Turbo's and Nano's: as it stands."""

    def written(self, text: str, language: str) -> str:  # noqa: ARG002 - the protocol has it
        """The text itself."""
        return text

    def shortcomings(self, language: str) -> tuple[str, ...]:  # noqa: ARG002 - the protocol has it
        """None."""
        return ()


class Spaced(Plain):
    """The original's: a blank is a token."""

    def written(self, text: str, language: str) -> str:  # noqa: ARG002 - the protocol has it
        """The text with tokens for blanks."""
        return text.replace(" ", SPACE)


class Multilingual:
    """Small letters, taken apart, prepared as the language asks for, behind the language's own token."""

    def __init__(self, cangjie: Mapping[str, str]) -> None:
        """`cangjie` has a Chinese character's tokens."""
        self._cangjie = cangjie
        self._prepared: dict[str, Preparation] = {}
        self._lock = threading.Lock()

    def written(self, text: str, language: str) -> str:
        """The text in the alphabet of the multilingual members."""
        prepared = self._preparation(language).step(unicodedata.normalize("NFKD", text.lower()))
        return language_token(language) + prepared.replace(" ", SPACE)

    def shortcomings(self, language: str) -> tuple[str, ...]:
        """Those of the language's step."""
        return self._preparation(language).shortcomings

    def _preparation(self, language: str) -> Preparation:
        """Made when the language is first met."""
        with self._lock:
            if language not in self._prepared:
                self._prepared[language] = preparation(language, self._cangjie)
            return self._prepared[language]


def language_token(language: str) -> str:
    """What a text in `language` begins with."""
    return f"[{language}]"
