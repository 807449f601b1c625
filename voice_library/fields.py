"""The types of the fields that voice files and the catalogue share, each with its limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from voice_library.voice import LANGUAGE, VOICE_ID


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds characters that cannot be printed")
    return text


VoiceId = Annotated[str, Field(pattern=f"^{VOICE_ID}$")]
Language = Annotated[str, Field(pattern=f"^{LANGUAGE}$")]
Name = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)]
Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=16)]
Aliases = Annotated[tuple[Name, ...], Field(max_length=32)]
Tags = Annotated[tuple[Name, ...], Field(max_length=32)]
Label = Annotated[str, Field(max_length=1024), AfterValidator(_printable)]

Lexicon = Annotated[
    dict[Name, Annotated[str, Field(max_length=200), AfterValidator(_printable)]], Field(max_length=500)
]
"""How words are said, by how they are written."""

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Flag = Annotated[bool, Field(strict=True)]
Integer = Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Setting = Integer | Number | Name
EngineSettings = Annotated[dict[Key, Annotated[dict[Key, Setting], Field(max_length=32)]], Field(max_length=16)]
Options = Annotated[dict[Key, Flag | Setting], Field(max_length=64)]
