"""Voices that stay: saved by a cloning, spoken by any later job, and by the next worker on the same folder."""

from __future__ import annotations

import base64
import errno
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Caller, fresh
from tests.jobs.speakers import MONOTONE, Counting, base64_of, file, pitch, refusal, speech, sung
from voice_library.embedding_file import read_voice
from voice_library.lock import LOCK
from voice_library.metadata import MAX_REFERENCE_SEC
from voice_library.shelf import Shelf
from voice_library.store import FolderStore
from worker.engines.registry import Engines
from worker.engines.tone import ToneEngine
from worker.jobs.context import Worker
from worker.reply import VoicesReply
from worker.service import Service
from worker.settings import Settings

PLAIN: dict[str, Any] = {"text": MONOTONE, "response_format": "wav", "seed": 5}
LOW, HIGH = base64_of(sung(220)), base64_of(sung(440))


def keeping(worker: Worker, folder: Path) -> Caller:
    """A worker that saves into `folder` and has read what is there."""
    shelf = Shelf(worker.library, FolderStore(folder))
    assert shelf.refresh() == []
    return Caller(Service(replace(fresh(worker), shelf=shelf)))


@pytest.fixture
def ask(worker: Worker, tmp_path: Path) -> Caller:
    return keeping(worker, tmp_path / "voices")


def test_a_saved_voice_speaks_in_later_jobs_by_its_id_and_by_its_name(ask: Caller, tmp_path: Path) -> None:
    reply = speech(ask(**PLAIN, reference_audio=LOW, save_voice="Ma Voix É", language="fr-CA"))
    assert reply.voice == "ma-voix-e"
    for name in ("ma-voix-e", "Ma Voix É", "MA_VOIX_E"):
        again = speech(ask(**PLAIN, voice=name))
        assert (again.voice, again.engine, again.language) == ("ma-voix-e", "tone", "fr-CA")
        assert again.audio_base64 == reply.audio_base64
    voice = read_voice(tmp_path / "voices" / "ma-voix-e.safetensors")
    assert (voice.names, voice.language, voice.tier) == (("Ma Voix É",), "fr-CA", "premium")
    assert voice.reference is not None
    assert voice.reference.duration_sec == 4.0
    assert set(voice.embeddings) == {ToneEngine.embedding_key}


def test_a_saved_voice_is_listed_with_the_engines_that_speak_it(ask: Caller) -> None:
    ask(**PLAIN, reference_audio=LOW, save_voice="me")
    reply = ask(type="voices", voice="me")
    assert isinstance(reply, VoicesReply)
    assert [(voice.id, voice.engines) for voice in reply.voices] == [("me", ("tone",))]


def test_a_voice_is_saved_from_its_embedding_alone(ask: Caller, tmp_path: Path) -> None:
    sent = speech(ask(**PLAIN, reference_audio=LOW, return_embedding=True)).voice_embedding
    reply = speech(ask(**PLAIN, voice_embedding=sent, save_voice="my_voice"))
    assert reply.voice == "my_voice"
    assert speech(ask(**PLAIN, voice="my_voice")).audio_base64 == reply.audio_base64
    assert read_voice(tmp_path / "voices" / "my_voice.safetensors").reference is None


def test_a_recording_longer_than_a_voice_file_holds_is_cut_to_it(ask: Caller, tmp_path: Path) -> None:
    ask(**PLAIN, reference_audio=base64_of(sung(220, 70, 8000)), save_voice="long")
    reference = read_voice(tmp_path / "voices" / "long.safetensors").reference
    assert reference is not None
    assert reference.duration_sec == MAX_REFERENCE_SEC


def test_the_next_worker_on_the_folder_has_the_voice(ask: Caller, worker: Worker, tmp_path: Path) -> None:
    reply = speech(ask(**PLAIN, reference_audio=LOW, save_voice="me"))
    loaded = Worker.load(Settings(engines=("tone", "espeak"), saved_voices_dir=tmp_path / "voices", default_voice="me"))
    assert speech(Caller(Service(loaded))(**PLAIN)).audio_base64 == reply.audio_base64
    loaded.close()


def test_files_that_are_no_voices_are_named_in_the_log_and_the_worker_starts(
    ask: Caller, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "voices"
    for name in ("good", "damaged", "renamed"):
        ask(**PLAIN, reference_audio=LOW, save_voice=name)
    (folder / "damaged.safetensors").write_bytes((folder / "damaged.safetensors").read_bytes()[:-10])
    (folder / "renamed.safetensors").rename(folder / "sarah.safetensors")
    (folder / "notes.txt").write_text("not a voice", encoding="utf-8")
    loaded = Worker.load(Settings(engines=("tone", "espeak"), saved_voices_dir=folder))
    loaded.upkeep.settle()
    assert speech(Caller(Service(loaded))(**PLAIN, voice="good")).voice == "good"
    assert refusal(Caller(Service(loaded))(**PLAIN, voice="damaged")).error.code == "invalid_voice_file"
    left_out = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(left_out) == 2
    assert "'damaged.safetensors': the voice file is truncated" in left_out[0]
    assert "'sarah.safetensors' holds the voice 'renamed'" in left_out[1]
    loaded.close()


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "", "-a", "ゆき", "x" * 65, "a\nb", "a\0b", "a.b", "con:"])
def test_a_name_that_makes_no_id_is_refused(ask: Caller, tmp_path: Path, name: str) -> None:
    error = refusal(ask(**PLAIN, reference_audio=LOW, save_voice=name)).error
    assert (error.code, error.field) == ("invalid_request", "save_voice")
    assert not (tmp_path / "voices").exists()


@pytest.mark.parametrize("name", ["sarah", "LÉA", "nova", "creole-narrator", "espeak-sw", "tone-female"])
@pytest.mark.parametrize("replaces", [False, True])
def test_what_the_library_or_an_engine_brings_is_never_replaced(
    ask: Caller, tmp_path: Path, name: str, replaces: bool
) -> None:
    error = refusal(ask(**PLAIN, reference_audio=LOW, save_voice=name, replace_voice=replaces)).error
    assert (error.code, error.field) == ("voice_exists", "save_voice")
    assert not (tmp_path / "voices").exists()


def test_a_saved_voice_gives_way_only_where_it_is_asked_to(ask: Caller) -> None:
    speech(ask(**PLAIN, reference_audio=LOW, save_voice="me"))
    error = refusal(ask(**PLAIN, reference_audio=HIGH, save_voice="ME")).error
    assert (error.code, error.field, error.retryable) == ("voice_exists", "save_voice", False)
    assert pitch(ask(**PLAIN, voice="me")) == pytest.approx(220, rel=0.005)
    speech(ask(**PLAIN, reference_audio=HIGH, save_voice="me", replace_voice=True))
    assert pitch(ask(**PLAIN, voice="me")) == pytest.approx(440, rel=0.005)


def test_a_name_that_is_taken_is_refused_before_anybody_is_enrolled(worker: Worker, tmp_path: Path) -> None:
    engine = Counting()
    shelf = Shelf(worker.library, FolderStore(tmp_path))
    ask = Caller(Service(replace(fresh(worker), engines=Engines([engine]), shelf=shelf)))
    speech(ask(**PLAIN, reference_audio=LOW, save_voice="me"))
    assert len(engine.enrolled) == 1
    for name in ("me", "sarah"):
        assert refusal(ask(**PLAIN, reference_audio=HIGH, save_voice=name)).error.code == "voice_exists"
    assert len(engine.enrolled) == 1


def test_a_job_that_the_platform_delivers_twice_saves_once(ask: Caller, worker: Worker, tmp_path: Path) -> None:
    request = {**PLAIN, "reference_audio": base64_of(sung(220, 70, 8000)), "save_voice": "me"}
    first = speech(ask(**request))
    assert speech(ask(**request)).audio_base64 == first.audio_base64
    unaware = Caller(Service(replace(fresh(worker), shelf=Shelf(worker.library, FolderStore(tmp_path / "voices")))))
    assert speech(unaware(**request)).audio_base64 == first.audio_base64


def test_the_voice_of_another_worker_on_the_folder_is_not_overwritten(worker: Worker, tmp_path: Path) -> None:
    one, other = keeping(worker, tmp_path), keeping(worker, tmp_path)
    speech(one(**PLAIN, reference_audio=LOW, save_voice="me"))
    assert refusal(other(**PLAIN, reference_audio=HIGH, save_voice="me")).error.code == "voice_exists"
    speech(other(**PLAIN, reference_audio=HIGH, save_voice="me", replace_voice=True))


def test_of_many_jobs_that_save_one_name_at_once_one_wins(ask: Caller) -> None:
    sent = [base64_of(sung(200 + 20 * step)) for step in range(8)]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda one: ask(**PLAIN, reference_audio=one, save_voice="me"), sent))
    spoken = [reply for reply in replies if hasattr(reply, "audio_base64")]
    assert len(spoken) == 1
    assert {refusal(reply).error.code for reply in replies if reply not in spoken} == {"voice_exists"}
    assert speech(ask(**PLAIN, voice="me")).audio_base64 == speech(spoken[0]).audio_base64


def test_many_names_saved_at_once_are_all_kept(ask: Caller, tmp_path: Path) -> None:
    def save(step: int) -> None:
        speech(ask(**PLAIN, reference_audio=base64_of(sung(200 + 20 * step)), save_voice=f"me-{step}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, range(8)))
    for step in range(8):
        assert pitch(ask(**PLAIN, voice=f"me-{step}")) == pytest.approx(200 + 20 * step, rel=0.005)
    assert len(list((tmp_path / "voices").glob("*.safetensors"))) == 8


def test_a_folder_that_cannot_be_written_to_is_a_typed_error_and_nothing_is_kept(
    ask: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        error = refusal(ask(**PLAIN, reference_audio=LOW, save_voice="me")).error
    assert (error.code, error.field, error.retryable) == ("voice_not_saved", "save_voice", True)
    assert "ENOSPC" in error.message
    assert str(tmp_path) not in error.message
    assert [path.name for path in (tmp_path / "voices").iterdir()] == [LOCK]
    assert refusal(ask(**PLAIN, voice="me")).error.code == "unknown_voice"
    speech(ask(**PLAIN, reference_audio=LOW, save_voice="me"))


def test_nothing_is_saved_of_a_recording_nobody_can_be_cloned_from(ask: Caller, tmp_path: Path) -> None:
    for text, sent in ((" ", LOW), (MONOTONE, base64_of(sung(220, 0.5))), (MONOTONE, base64_of(file(sung(220))[:9]))):
        refusal(ask(**{**PLAIN, "text": text}, reference_audio=sent, save_voice="me"))
    assert not (tmp_path / "voices").exists()


def test_a_saved_voice_can_be_the_target_of_a_conversion(ask: Caller) -> None:
    speech(ask(**PLAIN, reference_audio=HIGH, save_voice="me"))
    reply = ask(type="conversion", source_audio=LOW, voice="me", response_format="wav")
    assert pitch(reply) == pytest.approx(440, rel=0.005)
    assert len(base64.b64decode(speech(reply).audio_base64 or "")) > 100_000
