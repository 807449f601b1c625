"""Recordings: files of a studio become the stretch that a voice is cloned from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from builder.voices.recording.report import Report, examine, require_usable
from builder.voices.recording.selection import select
from voice_library.metadata import MAX_REFERENCE_SEC
from voice_library.voice import Reference
from worker.audio.clip import Clip
from worker.audio.decode import DecodeLimits, decode
from worker.errors import AudioTooLong

LIMITS = DecodeLimits(max_bytes=768 * 2**20, max_duration_sec=1800.0, max_frames=1800 * 48_000)
"""Half an hour as studios record it: 48 kHz, 24 bits, two channels are 494 MiB."""
ENOUGH_SPEECH_SEC = 10.0
NO_NOISE_DB = 60.0
SEVERITIES = ("fine", "warn", "refuse")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretch:
    """The part of a recording that is kept, and what was measured of it."""

    source: str
    """The file's name, without its folder."""
    clip: Clip
    start_sec: float
    end_sec: float
    report: Report

    @property
    def reference(self) -> Reference:
        """The same as a voice has it."""
        return Reference(samples=self.clip.samples, sample_rate=self.clip.sample_rate)

    def row(self) -> dict[str, Any]:
        """What is told of it."""
        return {
            "file": self.source,
            "from_sec": round(self.start_sec, 2),
            "to_sec": round(self.end_sec, 2),
            "severity": self.report.severity,
            "figures": asdict(self.report.figures),
            "advice": list(self.report.advice),
        }


def stretch_of(path: Path, *, whole: bool) -> Stretch:
    """The best stretch of the file, or all of it.

    Raises:
        InvalidAudio, AudioTooLong: it is no audio that is read, or holds too much.
        InvalidReference: nobody is cloned from it; the message says why and what to record instead.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(LIMITS.max_bytes + 1)
    return stretch_in(decode(data, limits=LIMITS), path.name, whole=whole)


def stretch_in(clip: Clip, source: str, *, whole: bool) -> Stretch:
    """The same of a recording in memory."""
    start_sec, end_sec = 0.0, clip.duration_sec
    if whole and clip.duration_sec > MAX_REFERENCE_SEC:
        raise AudioTooLong(
            f"the recording takes {clip.duration_sec:.0f} s, and a voice keeps {MAX_REFERENCE_SEC:g} s at most: leave "
            "--whole away, and its best part is taken"
        )
    if not whole:
        selection = select(clip)
        clip, start_sec, end_sec = selection.clip, selection.start_sec, selection.end_sec
    report = examine(clip)
    require_usable(report)
    return Stretch(source=source, clip=clip, start_sec=start_sec, end_sec=end_sec, report=report)


def best(stretches: Iterable[Stretch]) -> Stretch:
    """The one to be cloned from: with the least to complain of, enough speech, and then the least noise."""
    return min(stretches, key=_flaws)


def _flaws(stretch: Stretch) -> tuple[float, ...]:
    figures = stretch.report.figures
    quiet_db = NO_NOISE_DB if figures.snr_db is None else min(figures.snr_db, NO_NOISE_DB)
    return (
        SEVERITIES.index(stretch.report.severity),
        len(stretch.report.advice),
        -min(figures.speech_sec, ENOUGH_SPEECH_SEC),
        -quiet_db,
    )
