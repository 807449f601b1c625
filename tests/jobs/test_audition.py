"""Samples: voices of a page say a sentence each."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import Caller, fresh
from tests.jobs.speakers import refusal
from voice_library.library import VoiceLibrary
from voice_library.shelf import Shelf
from voice_library.voice import Reference, Voice
from worker.cache.load import cache_of
from worker.jobs.audition import SENTENCES
from worker.jobs.context import Worker
from worker.reply import SampleReply, VoicesReply
from worker.service import Service
from worker.settings import Settings


@pytest.fixture
def caching(worker: Worker) -> Iterator[Worker]:
    cache = cache_of(Settings(cache_mb=16), None)
    yield replace(fresh(worker), cache=cache)
    cache.close()


def page(ask: Caller, **fields: object) -> VoicesReply:
    reply = ask(type="voices", samples=True, **fields)
    assert isinstance(reply, VoicesReply), reply
    return reply


def sample(ask: Caller, **fields: object) -> SampleReply:
    (voice,) = page(ask, **fields).voices
    assert voice.sample is not None
    return voice.sample


def test_each_voice_of_the_page_says_a_sentence_in_its_language(ask: Caller) -> None:
    reply = page(ask, language="fr")
    assert [voice.id for voice in reply.voices] == ["lea", "antoine"]
    said = [voice.sample for voice in reply.voices if voice.sample]
    assert [(each.text, each.format, each.engine) for each in said] == [(SENTENCES["fr"], "mp3", "espeak")] * 2
    assert all(1 < each.duration_sec < 10 and base64.b64decode(each.audio_base64) for each in said)
    assert said[0].audio_base64 != said[1].audio_base64


def test_a_profile_is_heard_with_its_effects(ask: Caller) -> None:
    plain, deep = (sample(ask, voice=name) for name in ("creole-male-default", "creole-male-deep"))
    assert plain.text == deep.text == SENTENCES["ht"]
    assert deep.duration_sec > plain.duration_sec * 1.02


def test_who_speaks_another_language_says_their_name(ask: Caller) -> None:
    assert sample(ask, voice="yuki").text == "Yuki"


def test_samples_are_in_the_format_and_by_the_engine_that_are_asked_for(ask: Caller) -> None:
    said = sample(ask, voice="tone-male", engine="tone", response_format="wav")
    assert (said.format, said.engine) == ("wav", "tone")
    assert base64.b64decode(said.audio_base64).startswith(b"RIFF")


def test_a_sample_is_made_once_and_then_comes_from_the_cache(caching: Worker) -> None:
    ask = Caller(Service(caching))
    replies = [ask(job_id, type="voices", samples=True, voice="sarah") for job_id in ("first", "second")]
    assert len({reply.model_dump_json() for reply in replies}) == 1
    assert caching.cache.figures.counts == {"miss": 1, "hit": 1}


def test_more_voices_than_a_job_can_say_is_an_error_that_says_to_narrow_down(ask: Caller) -> None:
    error = refusal(ask(type="voices", samples=True)).error
    assert (error.code, error.field) == ("invalid_request", "samples")
    assert "'limit': 10" in error.message


def test_samples_that_a_reply_cannot_carry_are_an_error_with_the_numbers(
    ask: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.delivery.inline.RUN_LIMIT_BYTES", 300_000)
    assert sample(ask, voice="lea", response_format="wav").duration_sec > 2
    error = refusal(ask(type="voices", samples=True, language="fr", response_format="wav")).error
    assert (error.code, error.field) == ("payload_too_large", "limit")
    assert "the platform carries 295904" in error.message
    monkeypatch.setattr("worker.delivery.inline.RUN_LIMIT_BYTES", 50_000)
    error = refusal(ask(type="voices", samples=True, voice="lea", response_format="wav")).error
    assert (error.code, error.field) == ("payload_too_large", "response_format")


def test_a_voice_that_cannot_be_heard_leaves_the_others_their_samples(worker: Worker) -> None:
    silent = Voice(id="silent", names=("Silent",), language="en", gender="neutral", engines={"other": {}})
    mute = Voice(
        id="mute",
        names=("Mute",),
        language="en",
        gender="neutral",
        reference=Reference(samples=np.zeros(48_000, np.float32), sample_rate=24_000),
    )
    library = VoiceLibrary(voices=(silent, mute, worker.library.voice_of(worker.library.find("sarah"))))
    reply = page(Caller(Service(replace(fresh(worker), shelf=Shelf(library)))))
    assert [voice.sample is not None for voice in reply.voices] == [False, False, True]
    assert ["'silent'" in reply.warnings[0], "'mute'" in reply.warnings[1]] == [True, True]


def test_where_consent_is_asked_for_nobody_is_heard_without(worker: Worker) -> None:
    sarah = replace(worker.library.voice_of(worker.library.find("sarah")), consent="")
    asking = replace(fresh(worker, require_consent=True), shelf=Shelf(VoiceLibrary(voices=(sarah,))))
    reply = page(Caller(Service(asking)))
    assert (reply.voices[0].sample, reply.voices[0].has_consent) == (None, False)
    assert "consent" in reply.warnings[0]
