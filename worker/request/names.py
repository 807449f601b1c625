"""The names of fields and values, ours and those of other workers, and the nearest one to a typing mistake."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

ALIASES: Mapping[str, tuple[str, ...]] = {
    "text": ("prompt", "input"),
    "voice": ("voice_id", "voice_name"),
    "reference_audio": (
        "voice_url",
        "audio_prompt",
        "ref_audio",
        "audio_base64",
        "reference_audio_base64",
        "prompt_audio",
    ),
    "voice_embedding": ("voice_token",),
    "source_audio": ("audio", "input_audio", "source"),
    "language": ("language_id", "lang_code"),
    "response_format": ("format", "output_format"),
    "speed": ("speed_factor",),
    "chunk_size": ("max_chars",),
    "engine": ("model",),
    "type": ("task", "job_type", "operation"),
}
"""Names other workers and OpenAI clients use, by ours."""

OPENAI_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""As `engine` they mean whatever suits the voice."""

LONGEST_NAME = 64


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `name` may have meant."""
    return next(iter(difflib.get_close_matches(name[:LONGEST_NAME], list(known), n=1)), None)


def may_echo(name: str) -> bool:
    """Whether a caller's field name may stand in a message: an identifier of sane length, not a piece of a text."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", name) is not None
