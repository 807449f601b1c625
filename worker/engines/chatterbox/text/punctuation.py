"""Punctuation as the members know it, from the sentences they learned: `punc_norm` of chatterbox-tts."""

from __future__ import annotations

from worker.engines.chatterbox.member import Member
from worker.errors import EmptyText

REPLACED = (
    *(("...", ", "), ("…", ", "), (":", ","), (" - ", ", "), (";", ", "), ("—", "-"), ("–", "-"), (" ,", ",")),
    *(("“", '"'), ("”", '"'), ("‘", "'"), ("’", "'")),
)
"""What is written, and what stands for it; in this order, because later pairs see what earlier ones made."""
GUIDED_ONLY = frozenset({"...", " - ", ";"})
"""Of these, what Turbo and Nano read as it is."""
ENDERS = (".", "!", "?", "-", ",")
"""A text that ends with none of them gets a full stop."""
WIDE_ENDERS = ("、", "，", "。", "？", "！")
"""Enders too, for members that speak Chinese and Japanese."""
QUOTES = str.maketrans(dict.fromkeys('"“”'))
"""Double quotes, each to be left out."""


def punctuated(text: str, member: Member) -> str:
    """`text` with one blank between words, punctuation that `member` knows, and an end.

    Equal to upstream's result but for two things. A blank text is refused, where upstream speaks a sentence of its own.
    Members with tags say a straight double quote as a sigh (chatterbox issue 433), so theirs are taken out first.

    Raises:
        EmptyText: nothing is left to say.

    """
    if member.tags:
        text = text.translate(QUOTES)
    if not text.strip():
        raise EmptyText("an utterance without words cannot be spoken")
    text = text[0].upper() + text[1:] if text[0].islower() else text
    text = " ".join(text.split())
    for written, known in REPLACED:
        if member.guided or written not in GUIDED_ONLY:
            text = text.replace(written, known)
    text = text.rstrip(" ")
    return text if text.endswith(_enders(member)) else f"{text}."


def _enders(member: Member) -> tuple[str, ...]:
    return (*ENDERS, *WIDE_ENDERS) if "zh" in member.languages else ENDERS
