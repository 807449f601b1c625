"""A voice of the catalogue says words its own way, unless the request knows better."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Caller
from worker.jobs.context import Worker
from worker.reply import LongTextReply, Reply, SpeechReply
from worker.service import Service
from worker.settings import Settings

VOICE = {
    "id": "teacher",
    "names": ["Teacher"],
    "language": "en-US",
    "gender": "female",
    "tier": "standard",
    "engines": {"espeak": {"voice": "en-us"}},
    "lexicon": {"Nguyen": "win", "gif": "jif"},
}


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    folder: Path = tmp_path_factory.mktemp("voices")
    plain = VOICE | {"id": "plain", "names": ["Plain"], "lexicon": {}}
    catalog = {"format_version": 1, "voices": [VOICE, plain], "profiles": []}
    (folder / "catalog.json").write_text(json.dumps(catalog), encoding="utf-8")
    worker = Worker.load(Settings(voices_dir=folder, cache_mb=0))
    yield Caller(Service(worker))
    worker.close()


def audio(reply: Reply) -> str | None:
    assert isinstance(reply, SpeechReply), reply
    return reply.audio_base64


def test_the_voice_says_its_words_its_own_way(call: Caller) -> None:
    written, spoken = "Ask Nguyen for the GIF.", "Ask win for the jif."
    common = {"response_format": "wav", "seed": 1}
    assert audio(call(text=written, voice="teacher", **common)) == audio(call(text=spoken, voice="plain", **common))
    assert audio(call(text=written, voice="teacher", **common)) != audio(call(text=written, voice="plain", **common))


def test_the_request_knows_better(call: Caller) -> None:
    asked = call(text="Ask Nguyen.", voice="teacher", lexicon={"Nguyen": "noo yen"}, response_format="wav", seed=1)
    assert audio(asked) == audio(call(text="Ask noo yen.", voice="plain", response_format="wav", seed=1))


def test_so_it_does_in_a_long_text_and_in_a_dialogue(call: Caller) -> None:
    long_text = call(type="long_text", text="Ask Nguyen.", voice="teacher", response_format="wav", seed=1)
    assert isinstance(long_text, LongTextReply)
    said = call(type="long_text", text="Ask win.", voice="plain", response_format="wav", seed=1)
    assert audio(long_text) == audio(said)
    segments = [{"text": "Ask Nguyen.", "voice": "teacher"}]
    spoken = [{"text": "Ask win.", "voice": "plain"}]
    dialogues = (call(type="dialogue", segments=each, response_format="wav", seed=1) for each in (segments, spoken))
    assert len(set(map(audio, dialogues))) == 1
