"""Consent: on a worker that asks for it nobody is heard of whom nothing is on record."""

from __future__ import annotations

import base64
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.conftest import Caller, fresh
from tests.fetch.servers import answering, fetcher, serving
from tests.jobs.speakers import MONOTONE, base64_of, file, refusal, speech, sung
from voice_library.embedding_file import read_voice, voice_from_bytes
from voice_library.library import VoiceLibrary
from voice_library.shelf import Shelf
from voice_library.store import FolderStore
from voice_library.token import unsealed
from voice_library.voice import Profile
from worker.errors import ConsentRequired
from worker.jobs.consent import check_consent
from worker.jobs.context import Worker
from worker.service import Service
from worker.settings import Settings

PLAIN: dict[str, Any] = {"text": MONOTONE, "response_format": "wav", "seed": 5}
SPEAKER = base64_of(sung(220))
AGREED = "Mary Doe, by e-mail of 2025-03-01, canary file 7"
KEY = "a-key-of-the-worker-" * 2
CONVERSION = {"type": "conversion", "source_audio": SPEAKER, "response_format": "wav"}


def asking(worker: Worker, *, shelf: Shelf | None = None, **settings: object) -> Caller:
    """A worker that asks for consent."""
    worker = fresh(worker, **{"require_consent": True, **settings})
    return Caller(Service(replace(worker, shelf=shelf or worker.shelf)))


@pytest.fixture
def strict(worker: Worker) -> Caller:
    return asking(worker)


@pytest.fixture
def nobody_asked(worker: Worker) -> Caller:
    """A worker in whose library nothing is on record for `lucy`, its first voice, and her profile."""
    lucy = replace(worker.library.voices[0], id="lucy", names=("Lucy",), aliases=(), consent=" ", engines={"tone": {}})
    agreed = [
        replace(voice, consent=voice.consent or "not needed") for voice in worker.library.voices if voice.id != "lucy"
    ]
    profiles = tuple(Profile(id=f"{voice}-deep", names=(voice,), voice=voice) for voice in ("lucy", "tone-female"))
    return asking(worker, shelf=Shelf(VoiceLibrary(voices=(lucy, *agreed), profiles=profiles)))


def test_nothing_is_asked_for_unless_the_worker_is_told_to(ask: Caller, worker: Worker) -> None:
    assert Settings().require_consent is False
    speech(ask(**PLAIN, reference_audio=SPEAKER))
    check_consent(replace(worker.library.voices[0], consent=""), Settings())


def test_a_voice_without_consent_is_refused_with_how_to_record_it(worker: Worker) -> None:
    silent = replace(worker.library.voices[0], consent=" \u00a0")
    with pytest.raises(ConsentRequired, match=rf"builder.voices tag {silent.id} --consent '…'") as caught:
        check_consent(silent, Settings(require_consent=True), field="fallback.0.voice")
    assert caught.value.field == "fallback.0.voice"
    check_consent(replace(silent, consent=AGREED), Settings(require_consent=True))


def test_every_voice_that_comes_without_a_recording_may_be_heard(worker: Worker) -> None:
    assert [voice.id for voice in worker.library.voices if not voice.consent] == []


WAYS: dict[str, tuple[dict[str, Any], str]] = {
    "synthesis": ({**PLAIN, "voice": "lucy"}, "voice"),
    "profile": ({**PLAIN, "profile": "lucy-deep"}, "profile"),
    "voice tags": ({**PLAIN, "text": "hi [voice:lucy] ho", "voice_tags": True, "voice": "sarah"}, "text"),
    "dialogue": (
        {"type": "dialogue", "segments": [{"text": "hi", "voice": "sarah"}, {"text": "ho", "voice": "lucy"}]},
        "segments.1.voice",
    ),
    "fallback": ({**PLAIN, "voice": "sarah", "fallback": [{"voice": "lucy"}]}, "fallback.0.voice"),
    "conversion": ({**CONVERSION, "voice": "lucy"}, "voice"),
    "conversion to a profile": ({**CONVERSION, "profile": "lucy-deep"}, "profile"),
    "fallback of a clone": (
        {**PLAIN, "reference_audio": SPEAKER, "consent": AGREED, "fallback": [{"voice": "lucy"}]},
        "fallback.0.voice",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_library_voice_nobody_agreed_for_is_heard_in_no_way(nobody_asked: Caller, way: str) -> None:
    fields, field = WAYS[way]
    error = refusal(nobody_asked(**fields)).error
    assert (error.code, error.field, error.retryable) == ("consent_required", field, False)
    assert "builder.voices tag lucy" in error.message
    speech(nobody_asked(**json.loads(json.dumps(fields).replace("lucy", "tone-female"))))


def test_where_nobody_is_named_somebody_speaks_who_agreed(nobody_asked: Caller) -> None:
    assert speech(nobody_asked(**PLAIN, engine="tone")).voice != "lucy"


def test_a_long_text_in_a_voice_nobody_agreed_for_is_refused(nobody_asked: Caller) -> None:
    error = refusal(nobody_asked(type="long_text", text="Hello there.", voice="lucy")).error
    assert (error.code, error.field) == ("consent_required", "voice")


@pytest.mark.parametrize("fields", [PLAIN, CONVERSION], ids=["cloning", "conversion"])
def test_a_recording_needs_somebodys_word_that_its_speaker_agreed(strict: Caller, fields: dict[str, Any]) -> None:
    error = refusal(strict(**fields, reference_audio=SPEAKER)).error
    assert (error.code, error.field, error.retryable) == ("consent_required", "consent", False)
    assert "who agreed" in error.message
    speech(strict(**fields, reference_audio=SPEAKER, consent=AGREED))


def test_a_recording_without_consent_is_not_even_fetched(worker: Worker) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        raise OSError

    fetcher = replace(worker.fetcher, resolver=resolve)  # type: ignore[arg-type] # it is never called
    ask = Caller(Service(replace(fresh(worker, require_consent=True), fetcher=fetcher)))
    assert refusal(ask(**PLAIN, reference_audio="https://voice.example/a.wav")).error.code == "consent_required"
    assert asked == []


@pytest.mark.parametrize("fields", [PLAIN, CONVERSION], ids=["cloning", "conversion"])
def test_what_an_unsigned_token_says_of_itself_does_not_count(
    strict: Caller, ask: Caller, fields: dict[str, Any]
) -> None:
    sent = speech(ask(**PLAIN, reference_audio=SPEAKER, consent=AGREED, return_embedding=True)).voice_embedding
    assert sent
    assert voice_from_bytes(base64.b64decode(sent)).consent == AGREED
    error = refusal(strict(**fields, voice_embedding=sent)).error
    assert (error.code, error.field) == ("consent_required", "consent")
    speech(strict(**fields, voice_embedding=sent, consent="Mary again"))


@pytest.mark.parametrize("fields", [PLAIN, CONVERSION], ids=["cloning", "conversion"])
def test_a_signed_token_that_has_consent_needs_no_other(worker: Worker, fields: dict[str, Any]) -> None:
    keys = (SecretStr(KEY),)
    lax = asking(worker, require_consent=False, voice_token_keys=keys)
    ask = asking(worker, voice_token_keys=keys)

    def token_of(**claims: str) -> str | None:
        return speech(lax(**PLAIN, reference_audio=SPEAKER, return_embedding=True, **claims)).voice_embedding

    speech(ask(**fields, voice_embedding=token_of(consent=AGREED)))
    error = refusal(ask(**fields, voice_embedding=token_of())).error
    assert (error.code, error.field) == ("consent_required", "consent")
    speech(ask(**fields, voice_embedding=token_of(), consent=AGREED))


def test_the_word_of_a_signed_token_stands_and_the_requests_is_left_out_with_a_warning(worker: Worker) -> None:
    ask = asking(worker, voice_token_keys=(SecretStr(KEY),))
    again = {**PLAIN, "return_embedding": True}
    sent = speech(ask(**again, reference_audio=SPEAKER, consent=AGREED)).voice_embedding
    reply = speech(ask(**again, voice_embedding=sent, consent="somebody else", licence="CC-BY-4.0"))
    assert reply.warnings == ("the voice comes with what is known of it: 'consent' was left out",)
    assert reply.voice_embedding
    voice = voice_from_bytes(unsealed(base64.b64decode(reply.voice_embedding), [KEY.encode()]))
    assert (voice.consent, voice.licence) == (AGREED, "CC-BY-4.0")
    error = refusal(ask(**again, voice_embedding=sent, consent="somebody else", strict=True)).error
    assert (error.code, error.field) == ("unsupported_parameter", "consent")
    assert speech(ask(**again, voice_embedding=sent, consent=AGREED, strict=True)).warnings == ()


def test_what_the_library_knows_of_a_target_stands_too(ask: Caller) -> None:
    reply = speech(ask(**CONVERSION, voice="tone-female", consent="x", licence="x"))
    assert len([warning for warning in reply.warnings if "was left out" in warning]) == 2
    error = refusal(ask(**CONVERSION, voice="tone-female", licence="x", strict=True)).error
    assert (error.code, error.field) == ("unsupported_parameter", "licence")


@pytest.mark.parametrize("how", ["recording", "token"])
def test_consent_and_licence_stay_with_a_saved_voice_which_may_then_be_heard(
    worker: Worker, ask: Caller, tmp_path: Path, how: str
) -> None:
    shelf = Shelf(worker.library, FolderStore(tmp_path))
    strict = asking(worker, shelf=shelf)
    token = speech(ask(**PLAIN, reference_audio=SPEAKER, return_embedding=True)).voice_embedding
    speaker = {"reference_audio": SPEAKER} if how == "recording" else {"voice_embedding": token}
    speech(strict(**PLAIN, **speaker, consent=AGREED, licence="for Doe & Sons", save_voice="mary"))
    voice = read_voice(tmp_path / "mary.safetensors")
    assert (voice.consent, voice.licence) == (AGREED, "for Doe & Sons")
    speech(strict(**PLAIN, voice="mary"))
    speech(strict(**CONVERSION, voice="mary"))


@pytest.mark.parametrize("name", ["consent", "licence"])
@pytest.mark.parametrize("value", ["", "  ", "x" * 1025, "two\nlines", "\ud800", "\u202ex", 7, ["x"]])
def test_a_claim_is_a_line_of_printable_text(ask: Caller, name: str, value: object) -> None:
    error = refusal(ask(**PLAIN, reference_audio=SPEAKER, **{name: value})).error
    assert (error.code, error.field) == ("invalid_request", name)


def test_a_claim_of_the_longest_length_is_kept(ask: Caller) -> None:
    longest = "ê" * 1024
    reply = speech(ask(**PLAIN, reference_audio=SPEAKER, consent=longest, licence=longest, return_embedding=True))
    voice = voice_from_bytes(base64.b64decode(reply.voice_embedding or ""))
    assert (voice.consent, voice.licence) == (longest, longest)


def test_consent_belongs_to_a_speaker_who_comes_along(ask: Caller) -> None:
    error = refusal(ask(**PLAIN, consent=AGREED)).error
    assert (error.code, error.field) == ("invalid_request", "consent")
    assert "cloning, conversion" in error.message


def test_consent_changes_no_sample(ask: Caller) -> None:
    replies = [speech(ask(**PLAIN, reference_audio=SPEAKER, **more)) for more in ({}, {"consent": AGREED})]
    assert replies[0].audio_base64 == replies[1].audio_base64


def test_consent_is_never_logged(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), serving(answering(file(sung(220)))) as server:
        strict = Caller(Service(replace(fresh(worker, require_consent=True), fetcher=fetcher(server))))
        reply = speech(strict(**PLAIN, reference_audio=server.url(), consent=AGREED, licence=AGREED))
        refusal(strict(**PLAIN, reference_audio="*", consent=AGREED))
    logged = json.dumps([vars(record) for record in caplog.records], default=str)
    assert "job done" in logged
    assert "canary" not in logged + reply.model_dump_json()
