"""The manifest: everything about a long text that no reply has room for, written as it is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from worker.reply import ChapterReply, PartReply, UtteranceReply


class Manifest:
    """A JSON object under way: what is known from the start, then utterances one by one, then the rest."""

    def __init__(self, write: Callable[[bytes], object], known: Mapping[str, object]) -> None:
        """`write` takes the next bytes, in UTF-8."""
        self._write = write
        self._count = 0
        self._put(f'{json.dumps(known, ensure_ascii=False)[:-1]},\n"utterances": [')

    def add(self, utterance: UtteranceReply, *, chapter: int, cached: bool) -> None:
        """Writes the next utterance and its chapter's number."""
        self._put(",\n" if self._count else "\n")
        self._count += 1
        said = utterance.model_dump(mode="json", exclude_none=True)
        self._put(json.dumps({"chapter": chapter, **said, "cached": cached}))

    def close(self, chapters: Iterable[ChapterReply], parts: Iterable[PartReply], names: Sequence[str]) -> None:
        """Writes what is known at the end; files are told by name, for what a signed URL says is for the reply."""
        told = [chapter.model_dump(mode="json", exclude_none=True) for chapter in chapters]
        files = [
            {"number": part.number, "name": name, "duration_sec": part.duration_sec, "size_bytes": part.size_bytes}
            for part, name in zip(parts, names, strict=True)
        ]
        rest = {"chapters": told, "parts": files}
        self._put(f"\n],\n{json.dumps(rest, ensure_ascii=False)[1:]}\n")

    def _put(self, text: str) -> None:
        self._write(text.encode(errors="replace"))
