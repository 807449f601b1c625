from __future__ import annotations

from tests.conftest import Caller
from worker.reply import ErrorReply, VoicesReply


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
    assert len(listed(ask, engine="espeak")) > 140
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
    able = {engine.name: (engine.cloning, engine.conversion, engine.tags) for engine in reply.engines}
    assert able["espeak"] == (False, False, ())
    assert able["tone"] == (True, True, ())
