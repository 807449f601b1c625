"""Splits a source text into passages, each short enough to be spoken in one breath."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from worker.errors import EmptyText
from worker.text.cutting import Cut, Cutter, Kind
from worker.text.natural_pauses import natural_pause_sec
from worker.text.normalise import normalise as spoken_form
from worker.text.pauses import Pause, find_pauses

AFTERWARDS_CHARS = 64
"""How far is looked for what follows a piece."""
_SHORTEST_LIMIT_CHARS = 32
"""One character may take this many when it is spoken: `≥` is "greater than or equal to"."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_INVISIBLE = "\u200b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch of the source spoken in one breath."""

    start: int
    end: int
    """Span in the source, in code points, half open."""
    text: str
    """What is spoken: normalised, never blank."""
    lead_sec: float
    """Silence before it; only the first passage may have one, from pause tags at the very start."""
    pause_sec: float
    """Silence after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A passage in the making; its text is empty where nothing can be said."""

    start: int
    end: int
    text: str
    natural_sec: float
    tagged_sec: float
    joins_next: bool
    """Whether the next piece may be spoken in the same breath."""


def passages(
    source: str,
    *,
    language: str,
    target_chars: int,
    limit_chars: int,
    normalise: Callable[[str, str], str] = spoken_form,
) -> list[Passage]:
    """The passages of a text, in order; together their spans are the whole source.

    Sentences of a paragraph are packed up to `target_chars` of spoken text; a longer sentence is cut after clauses,
    else between words, else between characters. No spoken text is longer than `limit_chars`.

    Raises:
        InvalidRequest: a pause tag is malformed or too long.
        EmptyText: nothing in the text can be spoken.
    """
    if limit_chars < _SHORTEST_LIMIT_CHARS or target_chars < 1:
        raise ValueError(f"passages need target_chars ≥ 1 and limit_chars ≥ {_SHORTEST_LIMIT_CHARS}")
    pauses = find_pauses(source)
    bare = _without_tags(source, pauses)
    size = min(target_chars, limit_chars)
    cutter = Cutter(text=bare, language=language, size=size, say=lambda written: normalise(written, language))
    tagged_sec = {pause.end: pause.length_sec for pause in pauses}
    pieces = [_piece(cut, bare, tagged_sec.get(cut.end, 0.0)) for cut in cutter.cuts(list(tagged_sec))]
    voiced = _voiced(pieces)
    if not voiced:
        raise EmptyText("There is nothing to speak in the text: write at least one word.", field="text")
    return list(_finished(list(_packed(voiced, bare, size)), lead_sec=_lead_sec(pieces)))


def _without_tags(source: str, pauses: Sequence[Pause]) -> str:
    """The source with blanks for tags and invisible marks for lone surrogates, of the same length."""
    parts, position = [], 0
    for pause in pauses:
        parts += [source[position : pause.start], " " * (pause.end - pause.start)]
        position = pause.end
    return _SURROGATE.sub(_INVISIBLE, "".join([*parts, source[position:]]))


def _piece(cut: Cut, source: str, tagged_sec: float) -> _Piece:
    return _Piece(
        start=cut.start,
        end=cut.end,
        text=cut.spoken if any(map(str.isalnum, cut.spoken)) else "",
        natural_sec=natural_pause_sec(
            cut.kind, source[cut.start : cut.end], source[cut.end : cut.end + AFTERWARDS_CHARS]
        ),
        tagged_sec=tagged_sec,
        joins_next=cut.kind is not Kind.PARAGRAPH and not tagged_sec,
    )


def _voiced(pieces: Iterable[_Piece]) -> list[_Piece]:
    """Pieces with something to say, each with the silent ones after it; the first has those before it too."""
    voiced: list[_Piece] = []
    for piece in pieces:
        if piece.text:
            voiced.append(piece if voiced else replace(piece, start=0))
        elif voiced:
            voiced[-1] = _joined(voiced[-1], piece, text=voiced[-1].text)
    return voiced


def _packed(pieces: Iterable[_Piece], source: str, size: int) -> Iterator[_Piece]:
    """Neighbours of a paragraph in one breath, up to `size` characters."""
    held: _Piece | None = None
    for piece in pieces:
        if held is None:
            held = piece
            continue
        apart = source[held.end - 1].isspace() or source[piece.start].isspace()
        text = f"{held.text}{' ' * apart}{piece.text}"
        if held.joins_next and len(text) <= size:
            held = replace(_joined(held, piece, text=text), natural_sec=piece.natural_sec)
        else:
            yield held
            held = piece
    if held is not None:
        yield held


def _joined(first: _Piece, second: _Piece, *, text: str) -> _Piece:
    return _Piece(
        start=first.start,
        end=second.end,
        text=text,
        natural_sec=max(first.natural_sec, second.natural_sec),
        tagged_sec=first.tagged_sec + second.tagged_sec,
        joins_next=first.joins_next and second.joins_next,
    )


def _lead_sec(pieces: Iterable[_Piece]) -> float:
    lead_sec = 0.0
    for piece in pieces:
        if piece.text:
            break
        lead_sec += piece.tagged_sec
    return lead_sec


def _finished(pieces: Sequence[_Piece], *, lead_sec: float) -> Iterator[Passage]:
    for index, piece in enumerate(pieces):
        last = index == len(pieces) - 1
        yield Passage(
            start=piece.start,
            end=piece.end,
            text=piece.text,
            lead_sec=0.0 if index else lead_sec,
            pause_sec=piece.tagged_sec if last else max(piece.natural_sec, piece.tagged_sec),
        )
