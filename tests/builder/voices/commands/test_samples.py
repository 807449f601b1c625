"""From a reference to its embedding, to a file, to speech: all of it on a machine without weights."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from builder.voices.folder import LibraryFolder
from builder.voices.recording.report import examine
from builder.voices.sample_voices import SAMPLES
from tests.builder.voices.conftest import Tool
from tests.conftest import Caller
from tests.jobs.speakers import MONOTONE, base64_of, speech, sung
from voice_library.catalog import read_catalog
from voice_library.embedding_file import read_voice
from worker.audio.clip import Clip
from worker.audio.pitch import pitch_hz
from worker.engines.tone import F0
from worker.jobs.context import Worker
from worker.reply import Reply
from worker.service import Service
from worker.settings import REPOSITORY, Settings

WITHIN = 0.02
"""A third of a semitone: the pitch detector's own spread on the tones of the engine."""


@pytest.fixture(scope="module")
def ask(sampled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """A worker on the samples, of which nothing but the embeddings is left."""
    folder = tmp_path_factory.mktemp("embedded") / "voices"
    folder.mkdir()
    library = LibraryFolder(path=folder)
    for sample in SAMPLES:
        voice = replace(read_voice(sampled / f"{sample.id}.safetensors"), reference=None)
        library.put(voice.id, lambda _, voice=voice: voice, replaces=False)
    worker = Worker.load(Settings(engines=("tone",), voices_dir=folder, cache_mb=0, guards=False))
    yield Caller(Service(worker))
    worker.close()


def heard_hz(reply: Reply) -> float:
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(speech(reply).audio_base64 or "")), dtype="float32")
    return float(np.nanmedian(pitch_hz(Clip(samples=samples, sample_rate=rate))))


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_an_embedding_alone_speaks_at_the_pitch_of_the_reference(sample: object, ask: Caller, sampled: Path) -> None:
    reference = read_voice(sampled / f"{sample}.safetensors").reference
    spoken_hz = np.nanmedian(pitch_hz(Clip(samples=reference.samples, sample_rate=reference.sample_rate)))
    reply = ask(voice=str(sample), text=MONOTONE, response_format="wav", engine="tone")
    assert heard_hz(reply) == pytest.approx(spoken_hz, rel=0.06), "one semitone: it hears ten seconds of fifteen"


def test_two_speakers_are_two_pitches_and_come_back_unchanged(ask: Caller) -> None:
    said = [
        heard_hz(ask(voice=name, text=MONOTONE, response_format="wav")) for name in ("Grace", "Henry", "Grace", "Henry")
    ]
    assert said[:2] == said[2:]
    assert said[0] > 1.5 * said[1]


def test_a_conversion_gives_the_speakers_pitch(ask: Caller, sampled: Path) -> None:
    converted = ask(
        type="conversion", voice="sample-grace", source_audio=base64_of(sung(120)), engine="tone", response_format="wav"
    )
    enrolled = read_voice(sampled / "sample-grace.safetensors").embeddings["tone/1"][F0][0]
    assert heard_hz(converted) == pytest.approx(enrolled, rel=WITHIN)


def test_each_is_a_fine_recording_of_ten_to_fifteen_seconds_with_its_licence(sampled: Path) -> None:
    for sample in SAMPLES:
        voice = read_voice(sampled / f"{sample.id}.safetensors")
        report = examine(Clip(samples=voice.reference.samples, sample_rate=voice.reference.sample_rate))
        assert (report.severity, voice.reference.sample_rate) == ("fine", 22_050)
        assert 10 <= voice.reference.duration_sec <= 15, sample.id
        assert voice.consent == "not needed: a formula speaks, no speaker was recorded"
        assert voice.licence.startswith("GPL-3.0")
        assert voice.tags == ("sample",)


def test_the_shipped_voices_and_profiles_are_there_too(sampled: Path) -> None:
    mine, shipped = read_catalog(sampled), read_catalog(REPOSITORY / "embeddings")
    assert mine.voices[: len(shipped.voices)] == shipped.voices
    assert mine.profiles == shipped.profiles


def test_made_again_nothing_changes_and_what_a_studio_added_stays(tool: Tool) -> None:
    tool("tag", "sarah", "--add", "studio")
    files = {path.name: path.stat().st_mtime_ns for path in tool.folder.iterdir()}
    rows = tool("samples", "--into", tool.folder)
    assert {row["status"] for row in rows} == {"up to date"}
    assert {path.name: path.stat().st_mtime_ns for path in tool.folder.iterdir()} == files
    assert tool("list", "--tag", "studio")[0]["id"] == "sarah"


def test_from_the_shell_they_are_made_and_heard_without_torch_or_matplotlib(tmp_path: Path) -> None:
    program = (
        "import sys; from builder.voices.__main__ import main\n"
        "code = main(sys.argv[1:], {'TTS_ENGINES': 'espeak,tone'})\n"
        "print([name for name in ('torch', 'matplotlib') if name in sys.modules], file=sys.stderr)\n"
        "sys.exit(code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "samples", "--into", str(tmp_path / "voices"), "--json"],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert len(json.loads(ran.stdout)) == len(SAMPLES)
    assert ran.stderr.splitlines()[-1] == "[]"
