"""Picture: a recording as a wave, a spectrogram and a level over time, with the figures of its report."""

from __future__ import annotations

import io
import logging
import textwrap
from typing import TYPE_CHECKING

import numpy as np

from builder.voices.recording.activity import Activity, activity
from builder.voices.recording.clipping import clipped_spans
from builder.voices.recording.report import Report
from builder.voices.recording.spectrogram import mel, spectrogram
from worker.audio.clip import Clip
from worker.audio.pitch import HOP_SEC, pitch_hz
from worker.audio.reference import FRAME_SEC

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN, HEIGHT_IN, DOTS_PER_INCH = 12.0, 9.0, 100
"""1200 × 900 pixels."""
COLUMNS = 1500
"""More than the axes are wide, in pixels."""
TICKS_KHZ = (0.1, 0.25, 0.5, 1, 2, 4, 8, 12)
SPECTROGRAM_DB = 80.0
"""From black to white."""
LOWEST_DBFS = -100.0
PITCH_SEC = 120.0
"""Of a longer recording only the selected part has its pitch drawn: it would be a smear, and takes seconds."""
TITLE_CHARS, TITLE_POINTS, TITLE_WIDTH = 90, 15, 0.76
"""At most so long, and made smaller until it takes no more than this share of the width."""
ADVICE_LINES, ADVICE_CHARS, FIGURE_LINES = 6, 150, 2
BOTTOM, LINE = 0.008, 0.025
"""The margin under the last line, and from one line to the next, as shares of the height."""
INK, SELECTED, FAULT, QUIET = "#1f3b57", "#f2b134", "#c8102e", "#777777"
"""Colours of the wave, what is selected, what is clipped, and what is noise."""
SEVERITY_INK = {"fine": "#1a7f37", "warn": "#9a6700", "refuse": FAULT}
NOT_DRAWN = "\u25a1"
"""Stands for characters that the font lacks; an empty square."""


def draw(clip: Clip, report: Report, *, title: str, selected: tuple[float, float] | None) -> bytes:
    """A PNG of the recording; `selected` is the stretch to shade, in seconds from its start.

    Raises:
        InvalidReference: the recording holds no speech, and so there is no report of it.
    """
    active = activity(clip)
    # Where it cannot keep its cache it makes one for this process, and says so at length.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib import style

    with style.context("default"):  # whatever this user has set for other pictures
        return _png(_figure(clip, active, report, title, selected))


def _figure(clip: Clip, active: Activity, report: Report, title: str, selected: tuple[float, float] | None) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    lines = _advice_lines(report)
    text_top = BOTTOM + LINE * (len(lines) + FIGURE_LINES)
    grid = figure.add_gridspec(
        3, 2, height_ratios=(1.0, 1.7, 1.1), width_ratios=(1, 0.015), hspace=0.12, wspace=0.03,
        left=0.07, right=0.94, top=0.925, bottom=text_top + 0.075,
    )  # fmt: skip
    wave = figure.add_subplot(grid[0, 0])
    spectrum = figure.add_subplot(grid[1, 0], sharex=wave)
    level = figure.add_subplot(grid[2, 0], sharex=wave)
    _draw_wave(wave, clip, selected)
    _draw_spectrogram(spectrum, figure.add_subplot(grid[1, 1]), clip, selected)
    _draw_level(level, active, report, selected)
    _label(wave, spectrum, level, clip)
    _write(figure, report, title, text_top)
    return figure


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DOTS_PER_INCH)
    return file.getvalue()


def _draw_wave(axes: Axes, clip: Clip, selected: tuple[float, float] | None) -> None:
    frame = max(1, len(clip.samples) // COLUMNS)
    columns = clip.samples[: len(clip.samples) // frame * frame].reshape(-1, frame)
    time_sec = np.arange(len(columns)) * frame / clip.sample_rate
    axes.fill_between(time_sec, columns.min(axis=1), columns.max(axis=1), color=INK, linewidth=0.6)
    starts, ends = clipped_spans(clip)
    if len(starts):
        spots_sec = np.unique(starts // frame) * frame / clip.sample_rate
        tops = np.full(len(spots_sec), 1.06)
        label = f"clipped ({(ends - starts).sum() / len(clip.samples):.1%})"
        axes.plot(spots_sec, tops, "|", color=FAULT, markersize=6, markeredgewidth=1, clip_on=True, label=label)
    if selected is not None:
        start, end = selected
        axes.axvspan(
            start, end, color=SELECTED, alpha=0.3, linewidth=0, zorder=0, label=f"selected ({end - start:.1f} s)"
        )
    if len(starts) or selected is not None:
        axes.legend(loc="lower right", fontsize=8, framealpha=0.85, ncols=2)
    axes.set_ylim(-1.15, 1.15)
    axes.set_ylabel("amplitude")


def _draw_spectrogram(axes: Axes, bar: Axes, clip: Clip, selected: tuple[float, float] | None) -> None:
    levels_db, highest_hz = spectrogram(clip, COLUMNS)
    highest_mel = mel(highest_hz)
    image = axes.imshow(
        levels_db,
        origin="lower",
        aspect="auto",
        extent=(0.0, clip.duration_sec, 0.0, highest_mel),
        cmap="magma",
        vmin=-SPECTROGRAM_DB,
        vmax=0.0,
        interpolation="antialiased",
    )
    axes.figure.colorbar(image, cax=bar, label="dB below the loudest")
    start, end = (0.0, clip.duration_sec) if clip.duration_sec <= PITCH_SEC else selected or (0.0, 0.0)
    first = round(start * clip.sample_rate)
    part = clip.samples[first : round(end * clip.sample_rate)]
    if len(part):
        pitch = pitch_hz(Clip(samples=part, sample_rate=clip.sample_rate))
        time_sec = start + np.arange(len(pitch)) * HOP_SEC
        axes.plot(time_sec, mel(pitch), ".", color="#53e0ff", markersize=2, label="fundamental")
        axes.legend(loc="upper right", fontsize=8, framealpha=0.85, markerscale=3)
    for edge in selected or ():
        axes.axvline(edge, color=SELECTED, linewidth=1)
    axes.set_ylim(0, highest_mel)
    ticks_khz = [khz for khz in TICKS_KHZ if khz * 1000 <= highest_hz]
    axes.set_yticks([mel(khz * 1000) for khz in ticks_khz], labels=[f"{khz:g}" for khz in ticks_khz])
    axes.set_ylabel("frequency [kHz]")


def _draw_level(axes: Axes, active: Activity, report: Report, selected: tuple[float, float] | None) -> None:
    per_sec = 1 / FRAME_SEC
    stride = max(1, len(active.levels_dbfs) // COLUMNS)
    count = len(active.levels_dbfs) // stride * stride
    levels = np.maximum(active.levels_dbfs[:count].reshape(-1, stride), LOWEST_DBFS)
    time_sec = (np.arange(len(levels)) * stride + stride / 2) / per_sec
    axes.fill_between(time_sec, levels.min(axis=1), levels.max(axis=1), color=INK, alpha=0.25, linewidth=0)
    axes.plot(time_sec, np.median(levels, axis=1), color=INK, linewidth=0.9)
    figures = report.figures
    axes.axhline(
        figures.level_dbfs,
        color="#1a7f37",
        linewidth=1.2,
        linestyle="--",
        label=f"speech \u2212{-figures.level_dbfs:.0f} dBFS",
    )
    if figures.noise_dbfs is not None:
        label = (
            f"noise \u2212{-figures.noise_dbfs:.0f} dBFS"
            if figures.noise_dbfs > LOWEST_DBFS
            else "pauses digitally silent"
        )
        noise = max(figures.noise_dbfs, LOWEST_DBFS + 1)
        axes.axhline(noise, color=QUIET, linewidth=1.2, linestyle="--", label=label)
    for start, end in (selected,) if selected else ():
        axes.axvspan(start, end, color=SELECTED, alpha=0.3, linewidth=0, zorder=0)
    axes.legend(loc="lower right", fontsize=8, framealpha=0.85, ncols=2)
    axes.set_ylim(LOWEST_DBFS, 0)
    axes.set_ylabel("level [dBFS]")


def _label(wave: Axes, spectrum: Axes, level: Axes, clip: Clip) -> None:
    wave.set_xlim(0, clip.duration_sec)
    level.set_xlabel("time [s]")
    for axes in (wave, spectrum):
        axes.tick_params(labelbottom=False)
    for axes in (wave, level):
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
    for axes in (wave, spectrum, level):
        axes.yaxis.set_label_coords(-0.045, 0.5)


def _write(figure: Figure, report: Report, title: str, top: float) -> None:
    """The title above the axes; the figures and the advice below them, from the height `top` on."""
    ink = SEVERITY_INK[report.severity]
    figure.text(0.94, 0.957, report.severity, fontsize=13, weight="bold", color=ink, ha="right")
    heading = figure.text(0.07, 0.957, _drawable(title), fontsize=TITLE_POINTS, weight="bold", parse_math=False)
    width = heading.get_window_extent().width / (figure.get_figwidth() * DOTS_PER_INCH)
    heading.set_fontsize(TITLE_POINTS * min(1.0, TITLE_WIDTH / max(width, 1e-6)))
    for line in _figure_lines(report):
        figure.text(0.07, top, line.replace("-", "\u2212"), fontsize=10, parse_math=False)
        top -= LINE
    for line in _advice_lines(report):
        figure.text(0.07, top - LINE / 3, line, fontsize=9.5, color=ink, parse_math=False)
        top -= LINE


def _advice_lines(report: Report) -> list[str]:
    """The advice, each beginning with a bullet, in lines that fit under the axes; the last says what did not."""
    lines = [
        line
        for advice in report.advice
        for line in textwrap.wrap(advice, ADVICE_CHARS, initial_indent="• ", subsequent_indent="   ")
    ]
    return lines if len(lines) <= ADVICE_LINES else [*lines[: ADVICE_LINES - 1], "   …"]


def _figure_lines(report: Report) -> tuple[str, str]:
    figures = report.figures
    first = [
        f"{figures.duration_sec:.1f} s, {figures.speech_sec:.1f} s of speech",
        f"speech {figures.level_dbfs:.1f} dBFS ± {figures.level_spread_db / 2:.1f} dB",
        "no pauses" if figures.snr_db is None else f"pauses {min(figures.snr_db, 99):.0f} dB below",
        f"peak {figures.peak_dbfs:.1f} dBFS",
        f"clipped {figures.clipped_share:.2%}",
        f"offset {figures.dc_offset:+.4f}",
    ]
    second = [
        f"{figures.sample_rate} Hz",
        f"speech up to {figures.bandwidth_hz / 1000:.1f} kHz{', cut off there' * figures.cut_off}",
    ]
    if figures.f0_hz is None:
        second.append("nothing voiced")
    else:
        second.append(f"fundamental {figures.f0_hz:.0f} Hz ({figures.f0_low_hz:.0f} to {figures.f0_high_hz:.0f})")
    if figures.hum_hz is not None:
        second.append(f"hum of {figures.hum_hz} Hz at {figures.hum_dbfs:.0f} dBFS")
    return "   ·   ".join(first), "   ·   ".join(second)


def _drawable(text: str) -> str:
    """The text on one line, without what the font has no glyph for, which would be a warning each."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    known = get_font(findfont(FontProperties(weight="bold"))).get_charmap()
    spaced = " ".join(text.split())
    drawn = "".join(character if ord(character) in known else NOT_DRAWN for character in spaced[: TITLE_CHARS + 1])
    return drawn if len(drawn) <= TITLE_CHARS else drawn[: TITLE_CHARS - 1] + "…"
