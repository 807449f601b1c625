"""The picture of a recording is a PNG of one size, whatever the recording and its title."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from builder.voices.picture import draw
from builder.voices.recording.report import examine
from builder.voices.recording.selection import select
from tests.builder.voices.recording.speech import joined, louder, noisy, spoken, telephoned
from worker.audio.clip import Clip
from worker.audio.resample import resample

SIZE = (1200, 900)


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG"
        assert image.size == SIZE
        return np.asarray(image.convert("RGB")).astype(int)


def drawn(clip: Clip, title: str = "A voice") -> np.ndarray:
    selection = select(clip)
    return pixels(draw(clip, examine(clip), title=title, selected=(selection.start_sec, selection.end_sec)))


def share_of(picture: np.ndarray, colour: tuple[int, int, int], within: int = 12) -> float:
    return float((np.abs(picture - colour).max(axis=2) <= within).mean())


SHADE, RED = (251, 231, 193), (200, 16, 46)


def test_the_selected_part_is_shaded_in_its_place() -> None:
    clip = spoken()
    report = examine(clip)
    plain = pixels(draw(clip, report, title="A voice", selected=None))
    shaded = pixels(draw(clip, report, title="A voice", selected=(clip.duration_sec / 2, clip.duration_sec)))
    assert share_of(plain, SHADE) < 1e-4
    assert share_of(plain[60:235], RED) == 0
    assert share_of(shaded, SHADE) > 0.03
    left, right = 84, 1097
    wave, level = slice(75, 225), slice(600, 740)
    for rows in (wave, level):
        changed = np.flatnonzero((plain != shaded)[rows].any(axis=(0, 2)))
        assert changed.min() == pytest.approx((left + right) / 2, abs=3)
        assert changed.max() == pytest.approx(right, abs=3)


def test_clipped_places_are_marked() -> None:
    assert share_of(drawn(louder(spoken(), 12))[60:235], RED) > 0.002


def test_the_same_recording_gives_the_same_picture() -> None:
    clip, report = spoken(), examine(spoken())
    assert draw(clip, report, title="A", selected=None) == draw(clip, report, title="A", selected=None)


TITLES = [
    "Léa — Kreyòl ayisyen · 日本語 한국어 العربية हिन्दी ไทย 𝒳 😀 👩‍👩‍👧",
    "$\\nothing{1}$ % & \\ { } _x_",
    "\ud800 \x00 \x07 \u202e \n\r\t \uffff \U0010ffff",
    "W" * 5000,
]


@pytest.mark.parametrize("title", TITLES, ids=["scripts", "formula", "controls", "long"])
def test_any_title_can_be_written(title: str) -> None:
    picture = drawn(replace(spoken(), samples=spoken().samples[: 6 * 22_050]), title)
    assert (picture[20:60, 1150:] == 255).all()
    assert share_of(picture[20:60, 84:900], (0, 0, 0), 60) > 0


@pytest.mark.parametrize(
    "clip",
    [
        noisy(telephoned(spoken(), 8000), 12),
        resample(spoken(), 96_000),
        joined(*[spoken()] * 8),
        replace(spoken(), samples=spoken().samples[3000:47000]),
    ],
    ids=["8 kHz and noisy", "96 kHz", "three minutes", "two words"],
)
def test_any_recording_can_be_drawn(clip: Clip) -> None:
    assert share_of(drawn(clip), (0, 0, 0), 40) > 0.005


def test_any_advice_fits_under_the_axes() -> None:
    clip = spoken()
    for count in (1, 20):
        report = replace(
            examine(clip),
            advice=("the pauses are only 14 dB below the speech: record in a quieter room " * 5,) * count,
            severity="warn",
        )
        picture = pixels(draw(clip, report, title="A voice", selected=None))
        assert (picture[-4:] == 255).all()
        assert (picture[:, -10:] == 255).all()


def test_a_home_that_cannot_be_written_to_is_no_hindrance(tmp_path: Path) -> None:
    program = (
        "from tests.builder.voices.recording.speech import spoken\n"
        "from builder.voices.recording.report import examine\n"
        "from builder.voices.picture import draw\n"
        "import sys\n"
        "assert 'matplotlib' not in sys.modules\n"
        "clip = spoken()\n"
        "print(len(draw(clip, examine(clip), title='x', selected=None)))\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    kept = {"PATH": os.environ["PATH"], "HOME": "/proc/nowhere", "TMPDIR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=kept,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stderr == ""
    assert int(ran.stdout) > 10_000
