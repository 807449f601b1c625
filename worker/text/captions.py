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
    speaker: str = ""
    """Who says it, where several speak."""


def captions(cues: Iterable[Cue], form: str) -> str:
    """`cues` as a file of the given form: "srt", "vtt" or "json"."""
    return _FORMS[form](cues)


def _srt(cues: Iterable[Cue]) -> str:
    return "\n".join(
        f"{number}\n{_clock(cue.start_sec, ',')} --> {_clock(cue.end_sec, ',')}\n{_srt_line(cue)}\n"
        for number, cue in enumerate(cues, 1)
    )


def _srt_line(cue: Cue) -> str:
    speaker = _line(cue.speaker)
    return f"{speaker}: {_line(cue.text)}" if speaker else _line(cue.text)


def _vtt(cues: Iterable[Cue]) -> str:
    blocks = (f"{_clock(cue.start_sec, '.')} --> {_clock(cue.end_sec, '.')}\n{_vtt_line(cue)}\n" for cue in cues)
    return "\n".join(["WEBVTT\n", *blocks])


def _vtt_line(cue: Cue) -> str:
    # https://www.w3.org/TR/webvtt1/#webvtt-cue-voice-span: the end tag may be left out where one voice has the cue.
    speaker = _unmarked(cue.speaker)
    return f"<v {speaker}>{_unmarked(cue.text)}" if speaker else _unmarked(cue.text)


def _unmarked(text: str) -> str:
    # https://www.w3.org/TR/webvtt1/#webvtt-cue-text-span: these characters begin or end markup.
    return _line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _json(cues: Iterable[Cue]) -> str:
    return json.dumps([_entry(cue) for cue in cues], ensure_ascii=False)


def _entry(cue: Cue) -> dict[str, object]:
    speaker = _line(cue.speaker)
    return {
        "start_sec": round(cue.start_sec, 3),
        "end_sec": round(cue.end_sec, 3),
        "text": _line(cue.text),
        **({"speaker": speaker} if speaker else {}),
        "words": [{"text": word.text, "start_sec": round(word.start_sec, 3)} for word in cue.words],
    }


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
