"""The tokenizer: a text becomes the ids that a member's T3 reads, the same ones as upstream's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from tokenizers import Tokenizer as Encoder  # type: ignore[import-untyped] # its stubs are not marked as such

from worker.engines.base import primary_subtag
from worker.engines.chatterbox.member import START_TEXT, STOP_TEXT, Member
from worker.engines.chatterbox.text import files
from worker.engines.chatterbox.text.writing import SPACE, Multilingual, Plain, Spaced, Writing, language_token
from worker.errors import EmptyText, TextTooLong, UnreadableText, UnsupportedLanguage

LONGEST_TEXT = 2050
"""Positions for text that a guided member has learned (`max_text_tokens` of `T3Config`, its start and its stop)."""
UNKNOWN = "[UNK]"


class Tokenizer(Protocol):
    """One member's tokenizer; threads may share it."""

    def ids(self, text: str, language: str) -> list[int]:
        """The ids of `text`, never empty, each within the member's table; guided members': between start and stop.

        Raises:
            EmptyText: the text is blank.
            UnreadableText: no letter or digit of it is known, or it is not text.
            UnsupportedLanguage: the member does not speak `language`, a BCP-47 tag.
            TextTooLong: there are more than the member has room for.

        """

    def shortcomings(self, language: str) -> tuple[str, ...]:
        """What is not done for texts of `language` here that would be elsewhere, each with advice.

        Raises:
            UnsupportedLanguage: the member does not speak `language`, a BCP-47 tag.

        """


def load(member: Member, folder: Path, *, max_text_tokens: int = LONGEST_TEXT) -> Tokenizer:
    """The tokenizer of `member`, its files being in `folder`; a text has at most `max_text_tokens` ids.

    Raises:
        EngineUnavailable: a file is missing or damaged, or has tokens that `member` does not know.

    """
    return _Tokenizer(member, files.encoder(member, folder), _writing(member, folder), max_text_tokens)


def _writing(member: Member, folder: Path) -> Writing:
    if _several_languages(member):
        return Multilingual(files.cangjie(folder))
    return Spaced() if member.guided else Plain()


class _Tokenizer:
    def __init__(self, member: Member, encoder: Encoder, writing: Writing, room: int) -> None:
        self._member = member
        self._encoder = encoder
        self._writing = writing
        self._room = room

    def ids(self, text: str, language: str) -> list[int]:
        """See `Tokenizer`."""
        spoken = self._spoken(language)
        _check(text)
        encoding = self._encoder.encode(self._writing.written(text, spoken))
        if not _readable(encoding.tokens, besides=(UNKNOWN, SPACE, language_token(spoken))):
            raise UnreadableText(f"{self._member.engine} knows no letter of the text: check its 'language'")
        ids = [START_TEXT, *encoding.ids, STOP_TEXT] if self._member.guided else encoding.ids
        if len(ids) > self._room:
            raise TextTooLong(
                f"an utterance of {len(text)} characters is {len(ids)} tokens long, and {self._member.engine} has room "
                f"for {self._room}: send a smaller 'chunk_size'"
            )
        return ids

    def shortcomings(self, language: str) -> tuple[str, ...]:
        """See `Tokenizer`."""
        spoken = self._spoken(language)
        told = self._writing.shortcomings(spoken)
        if _several_languages(self._member) and self._encoder.token_to_id(language_token(spoken)) is None:
            return (f"the tokenizer has no token for {spoken!r}: load the files that belong to this model", *told)
        return told

    def _spoken(self, language: str) -> str:
        spoken = primary_subtag(language)
        if spoken not in self._member.languages:
            known = ", ".join(sorted(self._member.languages))
            raise UnsupportedLanguage(f"{self._member.engine} does not speak that language; it speaks: {known}")
        return spoken


def _several_languages(member: Member) -> bool:
    return len(member.languages) > 1


def _check(text: str) -> None:
    if not text.strip():
        raise EmptyText("an utterance without words cannot be spoken")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnreadableText("the text holds halves of characters (lone surrogates): leave them out") from None


def _readable(tokens: list[str], *, besides: Iterable[str]) -> bool:
    """False where unknown tokens stand for all that is more than blanks and punctuation, or nothing is left at all."""
    if UNKNOWN not in tokens:
        return bool(tokens)
    return any(character.isalnum() for token in set(tokens).difference(besides) for character in token)
