"""Deleting a voice that a job saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Caller, fresh
from tests.jobs.speakers import MONOTONE, base64_of, refusal, speech, sung
from voice_library.shelf import Shelf
from voice_library.store import FolderStore
from worker.jobs.context import Worker
from worker.jobs.deletion import GONE
from worker.reply import VoicesReply
from worker.service import Service

LOW = base64_of(sung(220))


def caller(worker: Worker, folder: Path, *, deletes: bool = True) -> Caller:
    """A worker that keeps voices in `folder` and has read what is there."""
    shelf = Shelf(worker.library, FolderStore(folder))
    assert shelf.refresh() == []
    return Caller(Service(replace(fresh(worker, delete_voices=deletes), shelf=shelf)))


@pytest.fixture
def ask(worker: Worker, tmp_path: Path) -> Caller:
    ask = caller(worker, tmp_path)
    speech(ask(text=MONOTONE, reference_audio=LOW, save_voice="My Voice"))
    return ask


def deletion(ask: Caller, name: str) -> VoicesReply:
    reply = ask(type="voices", delete=name)
    assert isinstance(reply, VoicesReply), reply
    return reply


def saved(ask: Caller) -> list[str]:
    reply = ask(type="voices", saved=True)
    assert isinstance(reply, VoicesReply), reply
    assert all(voice.saved for voice in reply.voices)
    return [voice.id for voice in reply.voices]


def test_a_saved_voice_is_deleted_for_everybody(ask: Caller, worker: Worker, tmp_path: Path) -> None:
    assert saved(ask) == ["my-voice"]
    reply = deletion(ask, "my-voice")
    assert (reply.deleted, reply.warnings, reply.voices) == ("my-voice", (), ())
    assert saved(ask) == saved(caller(worker, tmp_path)) == []
    assert not list(tmp_path.glob("*.safetensors"))
    assert refusal(ask(text=MONOTONE, voice="my-voice")).error.code == "unknown_voice"


def test_where_it_is_not_allowed_nothing_is_deleted(ask: Caller, worker: Worker, tmp_path: Path) -> None:
    error = refusal(caller(worker, tmp_path, deletes=False)(type="voices", delete="my-voice")).error
    assert (error.code, error.field, error.retryable) == ("deletion_not_allowed", "delete", False)
    assert "TTS_DELETE_VOICES" in error.message
    assert saved(ask) == ["my-voice"]


@pytest.mark.parametrize("name", ["sarah", "tone-male", "creole-narrator"])
def test_what_the_library_or_an_engine_brings_is_never_deleted(ask: Caller, name: str) -> None:
    error = refusal(ask(type="voices", delete=name)).error
    assert error.code == "voice_not_removable"
    assert "library" in error.message


def test_an_unknown_voice_is_an_error_with_those_that_are_near(ask: Caller) -> None:
    error = refusal(ask(type="voices", delete="my-vioce")).error
    assert (error.code, error.field) == ("unknown_voice", "delete")
    assert "my-voice" in error.message


def test_a_voice_that_another_worker_deleted_meanwhile_is_as_deleted(
    ask: Caller, worker: Worker, tmp_path: Path
) -> None:
    other = caller(worker, tmp_path)
    deletion(ask, "my-voice")
    reply = deletion(other, "my-voice")
    assert (reply.deleted, reply.warnings) == ("my-voice", (GONE,))
    assert saved(other) == []


def test_a_voice_that_another_worker_saved_can_be_deleted(ask: Caller, worker: Worker, tmp_path: Path) -> None:
    other = caller(worker, tmp_path)
    speech(ask(text=MONOTONE, reference_audio=LOW, save_voice="late"))
    assert deletion(other, "LATE").deleted == "late"
    assert deletion(ask, "late").warnings == (GONE,)
    assert saved(ask) == saved(other) == ["my-voice"]


def test_a_name_that_several_may_have_is_not_enough(ask: Caller, worker: Worker, tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    kept = store.open("my-voice")
    assert kept is not None
    store.write(replace(kept.voice, id="ludovica-2", names=("Ludovica",)), over=None)
    other = caller(worker, tmp_path)
    error = refusal(other(type="voices", delete="Ludovica")).error
    assert (error.code, error.field) == ("invalid_request", "delete")
    assert "'ludovica-2'" in error.message
    store.remove("ludovica-2")
    assert refusal(other(type="voices", delete="Ludovica")).error.code == "unknown_voice"


def test_a_deletion_is_sent_alone(ask: Caller) -> None:
    error = refusal(ask(type="voices", delete="my-voice", language="en")).error
    assert (error.code, error.field) == ("invalid_request", "language")
    assert saved(ask) == ["my-voice"]


def test_a_folder_that_does_not_let_go_is_a_typed_error(ask: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        error = refusal(ask(type="voices", delete="my-voice")).error
    assert (error.code, error.field, error.retryable) == ("voice_not_deleted", "delete", True)
    assert saved(ask) == ["my-voice"]


def test_a_damaged_voice_can_be_deleted_too(ask: Caller, tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"broken")
    assert refusal(ask(text=MONOTONE, voice="broken")).error.code == "invalid_voice_file"
    assert deletion(ask, "broken").deleted == "broken"
    assert refusal(ask(text=MONOTONE, voice="broken")).error.code == "unknown_voice"
