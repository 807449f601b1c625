from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Caller
from tests.jobs.speakers import refusal
from worker.jobs.context import Worker
from worker.reply import EffectsReply, ErrorReply, VoiceReply, VoicesReply
from worker.service import Service
from worker.settings import Settings

CROWD = 5000
CONSENT = "Jane Roe, on paper, 2024-05-01"
RECORDED: dict[str, Any] = {"sha256": "0" * 64, "size_bytes": 500_000, "frames": 60_000, "sample_rate": 24_000}


def person(number: int) -> dict[str, Any]:
    """An entry of the catalogue; its file does not exist."""
    return {
        "id": f"person-{number}",
        "names": [f"Person {number}"],
        "language": ("en-GB", "fr-FR", "es-ES", "es-MX")[number % 4],
        "gender": ("female", "male")[number // 4 % 2],
        "tier": "premium",
        "tags": ["warm", "audiobook"] if number % 10 == 0 else ["calm"],
        "aliases": [f"Stage name {number}"],
        "licence": "CC-BY-4.0",
        "file": f"person-{number}.safetensors",
        "contents": RECORDED | ({"embeddings": ["tone/1"]} if number % 2 else {}),
    }


PROFILES = [
    {
        "id": "slow-person",
        "names": ["Slow one"],
        "voice": "person-10",
        "effects": {"speed": 0.8},
        "options": {"temperature": 0.5},
        "description": "Person 10, slower.",
    }
]


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """A worker with thousands of voices, none of whose files exists."""
    folder: Path = tmp_path_factory.mktemp("voices")
    voices = [person(number) for number in range(CROWD)]
    voices[7] |= {"consent": CONSENT, "version": 3, "lexicon": {"GIF": "jif"}, "options": {"temperature": 0.7}}
    (folder / "catalog.json").write_text(
        json.dumps({"format_version": 1, "voices": voices, "profiles": PROFILES}), encoding="utf-8"
    )
    worker = Worker.load(Settings(engines=("tone",), voices_dir=folder, cache_mb=0))
    yield Caller(Service(worker))
    worker.close()


def page(ask: Caller, **fields: object) -> VoicesReply:
    reply = ask(type="voices", **fields)
    assert isinstance(reply, VoicesReply), reply
    return reply


def only(ask: Caller, **fields: object) -> VoiceReply:
    (voice,) = page(ask, **fields).voices
    return voice


def listed(ask: Caller, **fields: object) -> list[str]:
    reply = ask(type="voices", **fields)
    assert isinstance(reply, VoicesReply), reply
    return [voice.id for voice in reply.voices]


def test_the_library_is_listed_with_its_profiles_and_without_the_engines_own_voices(ask: Caller) -> None:
    ids = listed(ask)
    assert ids[0] == "sarah"
    assert {"yuki", "kreyol", "creole-narrator"} <= set(ids)
    assert not [voice_id for voice_id in ids if voice_id.startswith("espeak-")]


def test_filters_narrow_the_list(ask: Caller) -> None:
    assert set(listed(ask, language="fr")) == {"lea", "antoine"}
    assert set(listed(ask, language="es", gender="female")) == {"sofia"}
    assert len(listed(ask, language="ht")) == 5
    assert listed(ask, language="zu") == []


def test_an_engine_lists_its_own_voices_too(ask: Caller) -> None:
    assert len(listed(ask, engine="espeak", limit=500)) > 140
    assert listed(ask, engine="tone") == ["tone-female", "tone-male", "tone-neutral"]


def test_one_voice_is_described_by_any_of_its_names(ask: Caller) -> None:
    assert listed(ask, voice="LÉA") == ["lea"]
    reply = ask(type="voices", voice="creole-narrator")
    assert isinstance(reply, VoicesReply)
    (profile,) = reply.voices
    assert (profile.kind, profile.language, profile.engines) == ("profile", "ht", ("espeak",))
    assert profile.description


def test_an_unknown_voice_is_a_typed_error_with_a_suggestion(ask: Caller) -> None:
    reply = ask(type="voices", voice="sofa")
    assert isinstance(reply, ErrorReply)
    assert reply.error.code == "unknown_voice"
    assert "sofia" in reply.error.message


def test_engines_say_what_they_honour(ask: Caller) -> None:
    reply = ask(type="voices", engine="espeak")
    assert isinstance(reply, VoicesReply)
    (espeak,) = reply.engines
    assert [parameter.name for parameter in espeak.parameters] == ["pitch", "pitch_range", "word_gap"]
    assert all(parameter.description for parameter in espeak.parameters)
    assert "ht" in espeak.languages


def test_engines_say_whether_they_clone_and_convert_and_what_tags_they_act_on(ask: Caller) -> None:
    reply = ask(type="voices")
    assert isinstance(reply, VoicesReply)
    able = {engine.name: (engine.cloning, engine.conversion, engine.blending, engine.tags) for engine in reply.engines}
    assert able["espeak"] == (False, False, False, ())
    assert able["tone"] == (True, True, True, ())


def test_pages_hold_every_voice_once_and_in_one_order(crowd: Caller) -> None:
    whole, offset = [], 0
    while True:
        reply = page(crowd, offset=offset, limit=500)
        assert reply.total == CROWD + 1
        whole += [voice.id for voice in reply.voices]
        if reply.next_offset is None:
            break
        offset = reply.next_offset
    assert whole == [*(f"person-{number}" for number in range(CROWD)), "slow-person"]
    assert [voice.id for voice in page(crowd, offset=2, limit=2).voices] == ["person-2", "person-3"]
    assert len(page(crowd).voices) == 100


def test_a_page_beyond_the_last_is_empty_and_the_last_names_no_next_one(crowd: Caller) -> None:
    beyond = page(crowd, offset=CROWD + 1)
    assert (beyond.voices, beyond.total, beyond.next_offset) == ((), CROWD + 1, None)
    assert page(crowd, offset=CROWD, limit=1).next_offset is None
    assert page(crowd, offset=CROWD - 1, limit=1).next_offset == CROWD


@pytest.mark.parametrize("fields", [{"limit": 0}, {"limit": 501}, {"offset": -1}, {"tags": "warm"}, {"search": ""}])
def test_what_no_page_can_be_is_refused(crowd: Caller, fields: dict[str, object]) -> None:
    error = refusal(crowd(type="voices", **fields)).error
    assert (error.code, error.field) == ("invalid_request", next(iter(fields)))


def test_a_search_looks_into_ids_names_aliases_and_tags(crowd: Caller) -> None:
    assert [voice.id for voice in page(crowd, search="person-4999").voices] == ["person-4999"]
    assert [voice.id for voice in page(crowd, search="STAGE 4321").voices] == ["person-4321"]
    assert [voice.id for voice in page(crowd, search="slow").voices] == ["slow-person"]
    assert page(crowd, search="audio warm").total == CROWD // 10
    assert page(crowd, search="nobody of that name").total == 0


def test_filters_hold_all_together(crowd: Caller) -> None:
    reply = page(crowd, search="audiobook", tags=["Warm", "audiobook"], gender="female", language="fr", kind="voice")
    assert reply.total == 0
    fields = {"gender": "male", "language": "es-MX", "kind": "voice", "tier": "premium", "limit": 500}
    reply = page(crowd, tags=["Warm", "audiobook"], **fields)
    numbers = [int(voice.id.removeprefix("person-")) for voice in reply.voices]
    assert reply.total == len(numbers) > 20
    assert all(number % 10 == 0 and number // 4 % 2 and number % 4 == 2 for number in numbers)
    assert page(crowd, tags=["warm", "calm"]).total == 0
    assert page(crowd, voice="person-7", language="fr").total == 0
    assert page(crowd, voice="person-7", search="person").total == 1


def test_the_closest_in_language_comes_first(crowd: Caller) -> None:
    languages = [voice.language for voice in page(crowd, language="es-MX", offset=CROWD // 4 - 1, limit=2).voices]
    assert languages == ["es-MX", "es-ES"]


def test_voices_and_profiles_are_told_apart(crowd: Caller) -> None:
    assert page(crowd, kind="voice").total == CROWD
    assert only(crowd, kind="profile").id == "slow-person"
    assert only(crowd, kind="profile", tags=["warm"]).tags == ("warm", "audiobook")
    assert page(crowd, kind="profile", gender="male").total == 0


def test_a_voice_is_described_without_the_names_in_its_consent(crowd: Caller) -> None:
    described = only(crowd, voice="person-7", details=True)
    assert (described.licence, described.has_consent, described.version) == ("CC-BY-4.0", True, 3)
    assert (described.tags, described.saved, described.duration_sec) == (("calm",), False, 2.5)
    assert "Roe" not in described.model_dump_json()
    assert described.details is not None
    assert (described.details.options, described.details.lexicon_words) == ({"temperature": 0.7}, 1)
    plain = only(crowd, voice="person-8")
    assert (plain.has_consent, plain.version, plain.details) == (False, 1, None)


def test_a_profile_is_described_with_its_voice_effects_and_options(crowd: Caller) -> None:
    described = only(crowd, voice="slow-person", details=True)
    assert (described.kind, described.duration_sec) == ("profile", 2.5)
    assert described.details is not None
    assert described.details.voice == "person-10"
    assert described.details.options == {"temperature": 0.5}
    assert described.details.effects == EffectsReply(pitch_semitones=0, speed=0.8, volume_db=0, reverb=0)


def test_the_details_say_what_an_engine_goes_by(crowd: Caller, ask: Caller) -> None:
    def ways(caller: Caller, voice: str) -> list[tuple[str, str, bool, bool]]:
        details = only(caller, voice=voice, details=True).details
        assert details is not None
        return [(each.engine, each.by, each.conversion, each.blending) for each in details.capabilities]

    assert ways(crowd, "person-1") == [("tone", "embedding", True, True)]
    assert ways(crowd, "person-2") == [("tone", "reference", True, True)]
    assert ways(ask, "sarah") == [("espeak", "settings", False, False)]
    assert ways(ask, "tone-male") == [("tone", "settings", True, True)]


def test_a_format_without_samples_is_refused(ask: Caller) -> None:
    error = refusal(ask(type="voices", response_format="wav")).error
    assert (error.code, error.field) == ("invalid_request", "response_format")


def test_a_page_larger_than_a_reply_may_be_is_a_typed_error(crowd: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.delivery.inline.RUN_LIMIT_BYTES", 50_000)
    error = refusal(crowd(type="voices", limit=500)).error
    assert (error.code, error.field) == ("payload_too_large", "limit")
    assert page(crowd, limit=20).total == CROWD + 1
