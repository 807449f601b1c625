"""Upkeep: the voices of a worker follow their folders while it runs."""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Caller, fresh
from tests.jobs.speakers import MONOTONE, pitch, refusal, speech
from voice_library.embedding_file import write_voice
from voice_library.errors import UnknownVoice
from voice_library.store import FolderStore
from voice_library.voice import Embedding, Voice
from worker.engines.tone import F0
from worker.errors import InvalidSettings
from worker.jobs.context import Worker
from worker.jobs.upkeep import Upkeep
from worker.jobs.usage import Usage
from worker.service import Service

EMBEDDINGS = Path(__file__).parents[2] / "embeddings"


def speaker(voice_id: str, hertz: float) -> Voice:
    return Voice(
        id=voice_id,
        names=(voice_id.title(),),
        language="en",
        gender="neutral",
        embeddings={"tone/1": Embedding({F0: np.float32([hertz])})},
    )


def listed(folder: Path, *voices: str, change: dict[str, Any] | None = None) -> None:
    """A catalogue in `folder` of the shipped voices and these, whose files it tells nothing of."""
    catalog = json.loads((EMBEDDINGS / "catalog.json").read_text())
    entry = {"language": "en", "gender": "neutral", "tier": "standard"}
    catalog["voices"] += [{"id": name, "names": [name], "file": f"{name}.safetensors", **entry} for name in voices]
    unfinished = folder / "unfinished"
    unfinished.write_text(json.dumps(catalog | (change or {})))
    unfinished.replace(folder / "catalog.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    listed(folder)
    return folder


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    saved = tmp_path / "saved"
    saved.mkdir()
    return saved


@pytest.fixture
def upkeep(worker: Worker, folder: Path, saved: Path) -> Upkeep:
    """Of a worker on both folders; its rounds are made by the test."""
    settings = worker.settings.model_copy(
        update={"voices_dir": folder, "saved_voices_dir": saved, "voices_refresh_sec": 0.0}
    )
    return Upkeep(settings, worker.engines, FolderStore(saved), Usage())


def test_a_voice_that_is_added_to_the_catalogue_speaks_without_a_restart(
    worker: Worker, upkeep: Upkeep, folder: Path
) -> None:
    ask = Caller(Service(replace(fresh(worker), shelf=upkeep.shelf)))
    said: dict[str, Any] = {"text": MONOTONE, "voice": "nina", "response_format": "wav"}
    assert refusal(ask(**said)).error.code == "unknown_voice"
    write_voice(folder / "nina.safetensors", speaker("nina", 300))
    listed(folder, "nina")
    upkeep.go_round()
    high = pitch(speech(ask(**said)))
    write_voice(folder / "nina.safetensors", speaker("nina", 150))
    upkeep.go_round()
    assert pitch(speech(ask(**said))) == pytest.approx(high / 2, rel=0.01)
    listed(folder)
    upkeep.go_round()
    assert refusal(ask(**said)).error.code == "unknown_voice"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"format_version": 2}, "format_version"),
        ({"profiles": [{"id": "x", "names": ["X"], "voice": "nobody"}]}, "'x' needs 'nobody'"),
        ({"profiles": [{"id": "x", "names": ["X"], "voice": "sarah", "options": {"temprature": 1}}]}, "profile 'x'"),
        ({"voices": []}, "profiles refer to voices"),
    ],
)
def test_a_catalogue_that_became_wrong_is_logged_and_changes_nothing(
    upkeep: Upkeep, folder: Path, caplog: pytest.LogCaptureFixture, change: dict[str, Any], complaint: str
) -> None:
    before = upkeep.shelf.library
    listed(folder, change=change)
    for _ in range(3):
        upkeep.go_round()
    assert caplog.text.count(complaint) == 1
    assert str(folder) not in caplog.text
    assert upkeep.shelf.library is before
    write_voice(folder / "nina.safetensors", speaker("nina", 300))
    listed(folder, "nina")
    upkeep.go_round()
    assert upkeep.shelf.library.find("nina").id == "nina"


def test_engines_keep_their_voices_when_the_catalogue_changes(upkeep: Upkeep, folder: Path) -> None:
    shutil.copy(EMBEDDINGS / "catalog.json", folder / "catalog.json")
    upkeep.go_round()
    assert {"tone-female", "espeak-sw"} <= {voice.id for voice in upkeep.shelf.library.voices}


def test_the_folder_of_saved_voices_may_have_a_catalogue_of_its_own(upkeep: Upkeep, saved: Path) -> None:
    write_voice(saved / "nina.safetensors", speaker("nina", 300))
    write_voice(saved / "stray.safetensors", speaker("stray", 300))
    catalog = {
        "format_version": 1,
        "voices": [
            {
                "id": "nina",
                "names": ["Nina"],
                "language": "fr",
                "gender": "female",
                "tier": "premium",
                "file": "nina.safetensors",
            }
        ],
        "profiles": [{"id": "deep-nina", "names": ["Deep"], "voice": "nina"}],
    }
    (saved / "catalog.json").write_text(json.dumps(catalog))
    upkeep.go_round()
    library, shelf = upkeep.shelf.library, upkeep.shelf
    assert library.find("nina").language == "fr"
    assert library.voice_of(library.find("deep-nina")).id == "nina"
    assert [shelf.is_saved(library.find(name)) for name in ("nina", "stray")] == [False, True]
    (saved / "catalog.json").unlink()
    upkeep.go_round()
    assert shelf.is_saved(shelf.library.find("nina"))
    with pytest.raises(UnknownVoice):
        shelf.library.find("deep-nina")


def test_a_damaged_voice_of_the_store_is_told_once_and_stops_nobody(
    upkeep: Upkeep, saved: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (saved / "bad.safetensors").write_bytes(b"bad")
    write_voice(saved / "nina.safetensors", speaker("nina", 300))
    for _ in range(3):
        upkeep.go_round()
    assert upkeep.shelf.library.find("nina")
    assert caplog.text.count("bad.safetensors") == 1


def test_a_default_voice_may_be_one_that_was_saved(worker: Worker, folder: Path, saved: Path) -> None:
    write_voice(saved / "nina.safetensors", speaker("nina", 300))
    settings = worker.settings.model_copy(update={"voices_dir": folder, "default_voice": "Nina"})
    assert Upkeep(settings, worker.engines, FolderStore(saved), Usage()).shelf.find("nina")
    with pytest.raises(InvalidSettings, match="TTS_DEFAULT_VOICE: no voice"):
        Upkeep(settings, worker.engines, None, Usage())
    strict = settings.model_copy(update={"require_consent": True})
    with pytest.raises(InvalidSettings, match="TTS_DEFAULT_VOICE: no consent"):
        Upkeep(strict, worker.engines, FolderStore(saved), Usage())


def test_the_rounds_go_on_in_a_thread_that_ends_with_the_worker(worker: Worker, folder: Path, saved: Path) -> None:
    settings = worker.settings.model_copy(
        update={"voices_dir": folder, "saved_voices_dir": saved, "voices_refresh_sec": 0.01}
    )
    before = worker.engines.on_load
    upkeep = Upkeep(settings, worker.engines, FolderStore(saved), Usage())
    threads = threading.active_count()
    upkeep.start()
    try:
        upkeep.settle()
        write_voice(saved / "nina.safetensors", speaker("nina", 300))
        give_up_at = time.monotonic() + 10
        while not any(voice.id == "nina" for voice in upkeep.shelf.library.voices):
            assert time.monotonic() < give_up_at
            time.sleep(0.01)
    finally:
        upkeep.close()
        worker.engines.on_load = before
    assert threading.active_count() == threads


def test_a_voice_has_options_that_suit_it_where_the_engine_honours_them_and_nobody_says_otherwise(
    worker: Worker, upkeep: Upkeep, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    catalog = json.loads((folder / "catalog.json").read_text())
    entry = {
        "id": "low",
        "names": ["Low"],
        "language": "en-US",
        "gender": "male",
        "tier": "standard",
        "engines": {"espeak": {"voice": "en-us", "variant": "m3"}},
        "options": {"pitch": 10, "exaggeration": 0.7},
    }
    listed(folder, change={"voices": [*catalog["voices"], entry]})
    upkeep.go_round()
    assert caplog.text == ""
    ask = Caller(Service(replace(fresh(worker), shelf=upkeep.shelf)))
    said: dict[str, Any] = {"text": "Hello there, how are you?", "voice": "low", "response_format": "wav"}
    suited, asked = speech(ask(**said)), speech(ask(**said, pitch=90))
    assert suited.warnings == ()
    assert pitch(suited) < 0.8 * pitch(asked)
