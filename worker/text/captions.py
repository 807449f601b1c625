"""Captions: what is heard when, as SRT, WebVTT or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from worker.audio.clip import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One caption."""

    start_sec: float
    end_sec: float
    text: str
    words: tuple[Word, ...] = ()
    """As spoken, in seconds from the start of the recording; empty where the engine does not time words."""


def captions(cues: Iterable[Cue], form: str) -> str:
    """`cues` as a file of the given form: "srt", "vtt" or "json"."""
    return _FORMS[form](cues)


def _srt(cues: Iterable[Cue]) -> str:
    return "\n".join(
        f"{number}\n{_clock(cue.start_sec, ',')} --> {_clock(cue.end_sec, ',')}\n{_line(cue.text)}\n"
        for number, cue in enumerate(cues, 1)
    )


def _vtt(cues: Iterable[Cue]) -> str:
    # https://www.w3.org/TR/webvtt1/#webvtt-cue-text-span: these two characters begin markup.
    blocks = (
        f"{_clock(cue.start_sec, '.')} --> {_clock(cue.end_sec, '.')}\n"
        f"{_line(cue.text).replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}\n"
        for cue in cues
    )
    return "\n".join(["WEBVTT\n", *blocks])


def _json(cues: Iterable[Cue]) -> str:
    return json.dumps(
        [
            {
                "start_sec": round(cue.start_sec, 3),
                "end_sec": round(cue.end_sec, 3),
                "text": _line(cue.text),
                "words": [{"text": word.text, "start_sec": round(word.start_sec, 3)} for word in cue.words],
            }
            for cue in cues
        ],
        ensure_ascii=False,
    )


_FORMS: Mapping[str, Callable[[Iterable[Cue]], str]] = {"srt": _srt, "vtt": _vtt, "json": _json}


def _line(text: str) -> str:
    """A caption on one line, for a blank line would end it early, and fit to be written as UTF-8."""
    return " ".join(text.encode(errors="ignore").decode().split())


def _clock(moment_sec: float, decimal_mark: str) -> str:
    """`HH:MM:SS,mmm`."""
    milliseconds = round(moment_sec * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{decimal_mark}{milliseconds % 1000:03}"
