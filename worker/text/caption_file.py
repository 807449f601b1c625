"""A caption file under way: written cue by cue, none of which is kept."""

from __future__ import annotations

from collections.abc import Callable

from worker.text.captions import Cue, captions

VTT_HEAD = "WEBVTT\n"


class CaptionFile:
    """Hands out, piece by piece, what `captions` gives for all cues at once."""

    def __init__(self, write: Callable[[bytes], object], form: str) -> None:
        """`form` is "srt", "vtt" or "json"; `write` takes the file's next bytes, in UTF-8."""
        self._write = write
        self._form = form
        self._count = 0
        self._put({"srt": "", "vtt": VTT_HEAD, "json": "["}[form])

    def add(self, cue: Cue) -> None:
        """Writes the next cue."""
        self._count += 1
        alone = captions([cue], self._form)
        if self._form == "srt":
            gap = "\n" if self._count > 1 else ""
            self._put(f"{gap}{self._count}{alone.removeprefix('1')}")
        elif self._form == "vtt":
            self._put(alone.removeprefix(VTT_HEAD))
        else:
            gap = ", " if self._count > 1 else ""
            self._put(gap + alone[1:-1])

    def close(self) -> None:
        """Writes what ends the file."""
        self._put("]" if self._form == "json" else "")

    def _put(self, text: str) -> None:
        if text:
            self._write(text.encode())
