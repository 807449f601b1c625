"""Recordings become voices: the best part of each, and nothing of which nobody knows whose it is."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.builder.voices.conftest import ON_RECORD, Tool
from tests.builder.voices.recording.speech import joined, noisy, spoken
from voice_library.catalog import read_catalog
from voice_library.embedding_file import read_voice
from voice_library.library import VoiceLibrary
from worker.audio.clip import concatenate, silence

Recorded = Callable[..., Path]


def test_a_stereo_recording_becomes_a_mono_voice_of_its_best_part(empty: Tool, recorded: Recorded) -> None:
    quiet = silence(6.0, spoken().sample_rate)
    path = recorded(clip=concatenate([quiet, spoken(), quiet], quiet.sample_rate), channels=2)
    [row] = empty("add", path, "--name", "Élodie Studio", "--tag", "warm", *ON_RECORD)
    voice = VoiceLibrary.load(empty.folder).find("elodie studio")
    assert (voice.id, voice.names, voice.tags) == ("elodie-studio", ("Élodie Studio",), ("warm",))
    assert (voice.language, voice.gender, voice.tier, voice.licence) == ("en-US", "female", "premium", "ours")
    assert voice.consent == "contract 12"
    assert 10 <= voice.reference.duration_sec <= 15
    assert row["from_sec"] > 5
    assert row["severity"] == "fine"
    original = soundfile.read(path)[0][:, 0]
    start = round(row["from_sec"] * voice.reference.sample_rate)
    near = original[start - 300 : start + 300 + len(voice.reference.samples)]
    assert np.isin(np.float32(voice.reference.samples[5000:5100]), np.float32(near)).all()


def test_the_catalogue_tells_what_the_file_holds(empty: Tool, recorded: Recorded) -> None:
    empty("add", recorded(), *ON_RECORD)
    [entry] = read_catalog(empty.folder).voices
    assert entry.file == "session.safetensors"
    assert entry.contents.size_bytes == (empty.folder / entry.file).stat().st_size
    assert entry.contents.frames == len(read_voice(empty.folder / entry.file).reference.samples)
    assert empty("verify") == []


def test_of_several_files_of_one_voice_the_cleanest_is_kept(empty: Tool, recorded: Recorded) -> None:
    noise = recorded("noise.wav", noisy(spoken(), snr_db=15))
    [row] = empty("add", noise, recorded("clean.flac"), "--id", "one", *ON_RECORD)
    assert row["file"] == "clean.flac"
    assert empty.ids() == ["one"]


def test_files_without_a_name_become_a_voice_each_and_a_bad_one_holds_up_no_other(
    empty: Tool, recorded: Recorded
) -> None:
    short = replace(spoken(), samples=spoken().samples[:30_000])
    rows = empty("add", recorded("Short.wav", short), recorded("Good One.wav"), *ON_RECORD, code=1)
    assert [row["voice"] for row in rows] == ["short", "good-one"]
    assert "record at least 5 s" in rows[0]["problem"]
    assert empty.ids() == ["good-one"]


def test_a_noisy_recording_is_taken_with_advice(empty: Tool, recorded: Recorded) -> None:
    [row] = empty("add", recorded(clip=noisy(spoken(), snr_db=15)), *ON_RECORD)
    assert row["severity"] == "warn"
    assert "record in a quieter room" in empty.told


def test_the_whole_of_a_recording_is_kept_if_asked_for_and_no_more_than_a_minute(
    empty: Tool, recorded: Recorded
) -> None:
    empty("add", recorded(), "--whole", *ON_RECORD)
    kept = read_voice(empty.file("session")).reference
    assert len(kept.samples) == len(spoken().samples)
    [row] = empty("add", recorded("long.wav", joined(*[spoken()] * 4)), "--whole", *ON_RECORD, code=1)
    assert "60 s at most" in row["problem"]


@pytest.mark.parametrize("left_out", ["--licence", "--consent", "--language", "--gender"])
def test_without_a_terminal_what_is_not_said_is_an_error_that_names_the_flag(
    empty: Tool, recorded: Recorded, left_out: str
) -> None:
    place = ON_RECORD.index(left_out)
    empty("add", recorded(), *ON_RECORD[:place], *ON_RECORD[place + 2 :], code=2)
    assert left_out in empty.told
    assert not empty.folder.exists()


def test_a_consent_can_be_left_empty_on_purpose(empty: Tool, recorded: Recorded) -> None:
    empty("add", recorded(), *ON_RECORD[:-2], "--no-consent")
    assert read_voice(empty.file("session")).consent == ""
    assert [row["problem"] for row in empty("verify", code=1)] == ["no consent is on record: `tag --consent`"]


def test_on_a_terminal_it_asks_for_what_is_missing(tmp_path: Path, recorded: Recorded) -> None:
    mine, its = pty.openpty()
    command = [sys.executable, "-m", "builder.voices", "add", str(recorded()), "--folder", str(tmp_path / "asked")]
    started = subprocess.Popen([*command, *ON_RECORD[:4]], stdin=its, stderr=its, stdout=subprocess.PIPE)
    os.close(its)
    os.write(mine, b"ours\nsigned on 3 May\n")
    assert started.communicate(timeout=60)[0]
    assert started.returncode == 0
    os.close(mine)
    voice = read_voice(tmp_path / "asked" / "session.safetensors")
    assert (voice.licence, voice.consent) == ("ours", "signed on 3 May")


def test_a_voice_is_replaced_only_if_asked_for_and_keeps_what_nothing_new_is_said_of(
    tool: Tool, recorded: Recorded
) -> None:
    tool("tag", "sample-grace", "--alias", "gracie")
    tool("add", recorded(), "--id", "sample-grace", *ON_RECORD, code=1)
    assert "--replace" in tool.told
    before = read_voice(tool.file("sample-grace"))
    tool("add", recorded(), "--id", "sample-grace", "--replace", *ON_RECORD)
    after = read_voice(tool.file("sample-grace"))
    assert after.reference.digest != before.reference.digest
    assert (after.version, after.names, after.aliases) == (2, before.names, ("gracie",))
    assert after.embeddings == {}, "they were another recording's"
    assert after.consent == "contract 12"


@pytest.mark.parametrize("name", ["creole-narrator", "tone-anna", "../up", "nova"])
def test_a_name_that_is_taken_or_is_none_is_refused(tool: Tool, recorded: Recorded, name: str) -> None:
    before = sorted(tool.folder.iterdir())
    tool("add", recorded(), "--name", name, *ON_RECORD, code=2 if "/" in name else 1)
    assert sorted(tool.folder.iterdir()) == before


@pytest.mark.parametrize("content", [b"", b"no audio at all", b"RIFF\x00\x00\x00\x00WAVE"])
def test_what_is_no_audio_is_a_problem_and_no_traceback(empty: Tool, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.wav").write_bytes(content)
    [row] = empty("add", tmp_path / "odd.wav", *ON_RECORD, code=1)
    assert "audio" in row["problem"]
    empty("add", tmp_path / "missing.wav", *ON_RECORD, code=1)
    assert "No such file" in empty.told
