"""Blocks: a text of any length in stretches that can be cut into passages one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from worker.errors import EmptyText
from worker.text.boundaries import character_end, paragraph_starts, sentence_ends, word_end
from worker.text.cutting import Kind
from worker.text.natural_pauses import SENTENCE_PAUSE_SEC, natural_pause_sec
from worker.text.normalise import normalise as spoken_form
from worker.text.passages import AFTERWARDS_CHARS, Passage, passages
from worker.text.pauses import find_pauses

BLOCK_CHARS = 8_000
"""A block ends with the first paragraph that goes beyond this."""
LONGEST_BLOCK_CHARS = 32_000
"""Where no paragraph ends for so long, a block ends with a sentence, else a word, else anywhere."""
SENTENCE_WINDOW_CHARS = 4_000
"""How far back the end of a sentence is looked for."""
LONGEST_TAG_CHARS = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A stretch of a text."""

    start: int
    end: int
    """Span in the text, in code points, half open."""
    pause_sec: float
    """Silence that its end is worth."""


def blocks(text: str, language: str) -> Iterator[Block]:
    """The text in blocks, lazily; together they are the whole text."""
    start = 0
    while len(text) - start > BLOCK_CHARS:
        block = _block(text, start, language)
        yield block
        start = block.end
    if start < len(text):
        yield Block(start=start, end=len(text), pause_sec=0.0)


def passages_by_block(
    source: str,
    *,
    language: str,
    target_chars: int,
    limit_chars: int,
    normalise: Callable[[str, str], str] = spoken_form,
) -> Iterator[Passage]:
    """As `passages`, but no more of the text than a block is looked at at once; nothing where nothing can be spoken.

    Raises:
        InvalidRequest: a pause tag is malformed or too long.

    """
    held: Passage | None = None
    natural_sec = silent_sec = 0.0
    for block in blocks(source, language):
        written = source[block.start : block.end]
        try:
            found = passages(
                written,
                language=language,
                target_chars=target_chars,
                limit_chars=limit_chars,
                normalise=normalise,
            )
        except EmptyText:
            silent_sec += sum(pause.length_sec for pause in find_pauses(written))
            natural_sec = max(natural_sec, block.pause_sec)
            continue
        first, *others = (_moved(passage, block.start) for passage in found)
        lead_sec = silent_sec + first.lead_sec
        if held is None:
            first = replace(first, start=0, lead_sec=lead_sec)
        else:
            first = replace(first, lead_sec=0.0)
            yield replace(held, end=first.start, pause_sec=max(natural_sec, held.pause_sec + lead_sec))
        *ready, held = first, *others
        yield from ready
        natural_sec, silent_sec = block.pause_sec, 0.0
    if held is not None:
        yield replace(held, end=len(source), pause_sec=held.pause_sec + silent_sec)


def _moved(passage: Passage, by: int) -> Passage:
    return replace(passage, start=passage.start + by, end=passage.end + by)


def _block(text: str, start: int, language: str) -> Block:
    stop = min(len(text), start + LONGEST_BLOCK_CHARS)
    starts = paragraph_starts(text[start + BLOCK_CHARS : stop])
    if starts:
        end = start + BLOCK_CHARS + starts[0]
        return Block(start=start, end=end, pause_sec=_paragraph_pause_sec(text, end, language))
    if stop == len(text):
        return Block(start=start, end=stop, pause_sec=0.0)
    window = stop - SENTENCE_WINDOW_CHARS
    ends = list(sentence_ends(text[window:stop], language))
    if ends:
        return Block(start=start, end=_before_tag(text, window + ends[-1]), pause_sec=SENTENCE_PAUSE_SEC)
    end = word_end(text, window, stop)
    if end == window:
        end = character_end(text, window, stop)
    return Block(start=start, end=_before_tag(text, end), pause_sec=0.0)


def _paragraph_pause_sec(text: str, end: int, language: str) -> float:
    """The silence after the paragraph that ends there, by its last sentence and what comes next."""
    line = text[max(0, end - SENTENCE_WINDOW_CHARS) : end].rstrip().rpartition("\n")[2]
    earlier = [0, *sentence_ends(line, language)]
    last = next(start for start in reversed(earlier) if line[start:].strip())
    return natural_pause_sec(Kind.PARAGRAPH, line[last:], text[end : end + AFTERWARDS_CHARS])


def _before_tag(text: str, end: int) -> int:
    """`end`, or where a pause tag begins that it would cut."""
    opened = text.rfind("[", end - LONGEST_TAG_CHARS, end)
    return end if opened < 0 or "]" in text[opened:end] else opened
