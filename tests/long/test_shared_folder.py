"""Workers and a builder on one folder of voices: nobody reads half a voice, and no voice is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Caller
from tests.jobs.speakers import MONOTONE, pitch, speech
from tests.long.shared_folder import SAME, SETTINGS
from voice_library.catalog import Catalog, write_catalog
from voice_library.errors import UnknownVoice
from worker.jobs.context import Worker
from worker.service import Service
from worker.settings import REPOSITORY, Settings

CAST = (("worker", "one"), ("worker", "two"), ("builder", "studio"))
START_SEC = 60.0
"""For three processes to begin and to end on a busy machine."""


def told_by_all(folder: Path, seconds: float) -> list[dict[str, Any]]:
    script = REPOSITORY / "tests" / "long" / "shared_folder.py"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    processes = [
        subprocess.Popen(
            [sys.executable, script, role, name, folder, str(seconds)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for role, name in CAST
    ]
    try:
        answers = [process.communicate(timeout=seconds + START_SEC) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0, 0], [errors[-2000:] for _, errors in answers]
    return [json.loads(printed.splitlines()[-1]) for printed, _ in answers]


@pytest.mark.parametrize("seconds", [6.0, pytest.param(60.0, marks=pytest.mark.long)])
def test_two_workers_and_a_builder_share_a_folder(tmp_path: Path, seconds: float) -> None:
    folder = tmp_path / "voices"
    folder.mkdir()
    write_catalog(folder, Catalog(format_version=1))
    told = told_by_all(folder, seconds)
    assert [each["wrong"] for each in told] == [[], [], []]
    assert all(sum(each["did"].values()) > 2 * seconds for each in told), [each["did"] for each in told]

    worker = Worker.load(Settings(engines=("tone",), voices_dir=folder, saved_voices_dir=folder, **SETTINGS))
    try:
        worker.upkeep.settle()
        ask = Caller(Service(worker))
        there = {voice.id for voice in worker.library.voices if not voice.id.startswith("tone-")}
        assert there == {voice_id for each in told for voice_id in each["mine"]}
        for each in told:
            for voice_id, hertz in each["mine"].items():
                said = speech(ask(text=MONOTONE, voice=voice_id, response_format="wav", seed=1))
                assert pitch(said) == pytest.approx(hertz, rel=SAME)
            for voice_id in each["gone"]:
                if voice_id not in there:
                    with pytest.raises(UnknownVoice):
                        worker.shelf.find(voice_id)
    finally:
        worker.close()
    assert {path.suffix for path in folder.iterdir()} <= {".safetensors", ".json", ""}  # no leftovers
