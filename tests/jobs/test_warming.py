"""Voices that are ready before anybody asks for them."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import Caller, fresh
from tests.jobs.speakers import MONOTONE, Counting, speech, sung
from voice_library.library import VoiceLibrary
from voice_library.shelf import Shelf
from voice_library.voice import Embedding, Profile, Reference, Voice
from worker.cache.load import cache_of
from worker.engines.registry import Engines
from worker.errors import EngineFailed
from worker.jobs.context import Worker
from worker.jobs.upkeep import Upkeep
from worker.jobs.usage import Usage
from worker.jobs.warming import Warming
from worker.service import Service


class Warmed(Counting):
    """The tone engine, which notes who was made ready with it."""

    def __init__(self) -> None:
        super().__init__()
        self.warmed: list[str] = []
        self.fails_at = ""
        self.began = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def warm(self, voice: Voice) -> None:
        self.warmed.append(voice.id)
        self.began.set()
        self.may_go_on.wait(10)
        if voice.id == self.fails_at:
            raise EngineFailed("the device failed")
        super().warm(voice)


def recorded(name: str, hertz: float = 220.0) -> Voice:
    clip = sung(hertz)
    reference = Reference(samples=clip.samples, sample_rate=clip.sample_rate)
    return Voice(id=name, names=(name,), language="en", gender="neutral", reference=reference)


def silent(name: str) -> Voice:
    """One whom the engine cannot enrol."""
    reference = Reference(samples=np.zeros(48_000, np.float32), sample_rate=24_000)
    return replace(recorded(name), reference=reference)


VOICES = (recorded("anna"), recorded("ben", 330), recorded("cleo", 440))


def made(worker: Worker, *voices: Voice, used: tuple[str, ...] = (), **settings: object) -> tuple[Worker, Warmed]:
    """A worker with the tone engine and these voices, used as often as they are named."""
    engine = Warmed()
    engines = Engines([engine])
    slow = Profile(id="slow-ben", names=("Slow Ben",), voice="ben")
    library = VoiceLibrary(voices=(*voices, *engine.voices), profiles=(slow,))
    usage = Usage()
    for name in used:
        usage.count([name], library)
    return replace(fresh(worker, **settings), engines=engines, shelf=Shelf(library), usage=usage), engine


def warm(worker: Worker) -> None:
    warming = Warming(worker)
    warming.start()
    warming.join()


def test_the_first_job_with_a_warmed_voice_enrols_nobody(worker: Worker) -> None:
    worker, engine = made(worker, *VOICES, used=("ben",))
    warm(worker)
    assert len(engine.enrolled) == 2
    ask = Caller(Service(worker))
    for name in ("ben", "anna"):
        speech(ask(text=MONOTONE, voice=name))
    assert len(engine.enrolled) == 2
    speech(ask(text=MONOTONE, voice="cleo"))
    assert len(engine.enrolled) == 3


def test_those_used_most_come_first_and_then_the_default_voice(worker: Worker) -> None:
    worker, engine = made(worker, *VOICES, used=("cleo", "ben", "cleo"), default_voice="anna")
    warm(worker)
    assert engine.warmed == ["cleo", "ben", "anna"]


def test_no_more_are_made_ready_than_the_setting_says(worker: Worker) -> None:
    for most, expected in ((2, ["cleo", "ben"]), (0, [])):
        limited, engine = made(worker, *VOICES, used=("cleo", "ben", "cleo"), warm_voices=most)
        warm(limited)
        assert engine.warmed == expected


def test_a_profile_and_its_voice_are_made_ready_once(worker: Worker) -> None:
    worker, engine = made(worker, *VOICES, used=("slow-ben", "slow-ben", "ben"), default_voice="ben")
    warm(worker)
    assert engine.warmed == ["ben"]


def test_one_with_an_embedding_is_made_ready_and_one_of_a_formula_is_as_it_is(worker: Worker) -> None:
    baked = replace(
        recorded("baked"), reference=None, embeddings={Warmed.embedding_key: Embedding({"f0_hz": np.float32([200])})}
    )
    worker, engine = made(worker, baked, recorded("ben"), used=("tone-male", "tone-male", "ben"))
    warm(worker)
    assert engine.warmed == ["ben", "baked"]


def test_who_was_deleted_since_is_passed_over(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    worker, engine = made(worker, *VOICES, used=("cleo", "cleo", "ben"))
    warm(replace(worker, shelf=Shelf(VoiceLibrary(voices=VOICES[:2]))))
    assert engine.warmed == ["ben", "anna"]
    assert not [record for record in caplog.records if record.levelname != "INFO"]


def test_one_that_fails_is_logged_and_the_others_are_made_ready(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    worker, engine = made(worker, silent("mute"), *VOICES, used=("mute", "mute", "mute", "cleo", "cleo", "ben"))
    engine.fails_at = "cleo"
    warm(worker)
    assert engine.warmed == ["mute", "cleo", "ben", "mute"]
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [name in message for name, message in zip(("'mute'", "'cleo'", "'mute'"), told, strict=True)] == [True] * 3


def test_jobs_are_answered_meanwhile_and_closing_waits_for_the_voice_at_hand_alone(worker: Worker) -> None:
    worker, engine = made(worker, *VOICES, used=("cleo", "ben"))
    engine.may_go_on.clear()
    # Closing the service closes these too.
    own = {"cache": cache_of(worker.settings, None), "upkeep": Upkeep(worker.settings, worker.engines, None, Usage())}
    service = Service(replace(worker, **own))
    service.warm()
    service.warm()
    speech(Caller(service)(text=MONOTONE, voice="tone-male"))
    assert engine.began.wait(10)
    closing = threading.Thread(target=service.close)
    closing.start()
    assert service._warming._stopped.wait(10)
    assert closing.is_alive()
    engine.may_go_on.set()
    closing.join()
    assert engine.warmed == ["cleo"]
