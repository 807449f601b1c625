"""Voice tokens through the service: taken along from one worker to the next, and trusted only under its seal."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from tests.conftest import Caller, fresh
from tests.fetch.servers import answering, fetcher, server_tls, serving
from tests.jobs.speakers import MONOTONE, base64_of, pitch, refusal, speech, sung
from voice_library.embedding_file import voice_from_bytes, voice_to_bytes
from voice_library.token import MAX_TOKEN_BYTES, SEAL_BYTES, sealed, unsealed
from voice_library.voice import Embedding, Voice
from worker.engines.registry import Engines
from worker.engines.tone import ToneEngine
from worker.errors import InvalidSettings
from worker.fetch.fetcher import Fetcher
from worker.jobs.context import Worker
from worker.reply import SpeechReply
from worker.request import CloningRequest, parse
from worker.service import Service
from worker.settings import Settings

PLAIN: dict[str, Any] = {"type": "cloning", "text": MONOTONE, "response_format": "wav", "seed": 5}
SINGER = base64_of(sung(330))
KEY, OTHER = "canary-key-" * 4, "another-key-" * 4
HERE = ToneEngine.embedding_key
EXAMPLES = 300


def signing(worker: Worker, *keys: str) -> Caller:
    return Caller(Service(fresh(worker, voice_token_keys=tuple(map(SecretStr, keys)))))


@contextmanager
def started(**given: Any) -> Iterator[Caller]:
    """A worker that was just started, and knows nothing of any other."""
    loaded = Worker.load(Settings(cache_mb=0, guards=False, voices_refresh_sec=0, **given))
    try:
        yield Caller(Service(loaded))
    finally:
        loaded.close()


def token_of(ask: Caller, **fields: object) -> str:
    token = speech(ask(**PLAIN, reference_audio=SINGER, return_embedding=True, **fields)).voice_embedding
    assert token
    return token


def voice_with(key: str, **arrays: object) -> Voice:
    embeddings = {key: Embedding({name: np.asarray(array) for name, array in arrays.items()})}
    return Voice(id="x", names=("x",), language="en", gender="male", embeddings=embeddings)


SUNG = voice_with(HERE, f0_hz=np.float32([330]))


@pytest.mark.parametrize("keys", [(), (KEY,)])
def test_the_next_worker_speaks_from_the_token_alone_as_this_one_did_from_the_recording(keys: tuple[str, ...]) -> None:
    given: dict[str, Any] = {"engines": ("tone", "espeak"), "voice_token_keys": keys}
    with started(**given) as ask:
        heard = speech(ask(**PLAIN, reference_audio=SINGER, language="fr", return_embedding=True))
    with started(**given) as ask:
        again = speech(ask(**PLAIN, voice_token=heard.voice_embedding))
    assert again.audio_base64 == heard.audio_base64
    assert (again.language, again.engine) == ("fr", "tone")


def test_a_token_of_an_engine_that_waits_to_be_asked_for_has_it_loaded() -> None:
    sent = base64_of(voice_to_bytes(SUNG))
    with started(engines=("espeak",), lazy_engines=("tone",)) as ask:
        assert speech(ask(**PLAIN, voice_embedding=sent)).engine == "tone"
        reply = ask(type="conversion", source_audio=SINGER, voice_embedding=sent, response_format="wav")
        assert speech(reply).engine == "tone"


def test_a_token_bears_the_seal_of_the_first_key_and_any_key_opens_it(worker: Worker) -> None:
    token = base64.b64decode(token_of(signing(worker, KEY)))
    assert set(voice_from_bytes(unsealed(token, [KEY.encode()])).embeddings) == {HERE}
    sent = base64_of(token)
    assert pitch(signing(worker, OTHER, KEY)(**PLAIN, voice_embedding=sent)) == pytest.approx(330, rel=0.005)
    for keys in ((OTHER,), (OTHER, OTHER + "x")):
        error = refusal(signing(worker, *keys)(**PLAIN, voice_embedding=sent)).error
        assert (error.code, error.field, error.retryable) == ("untrusted_voice", "voice_embedding", False)
        assert "send the recording again as 'reference_audio' with 'return_embedding': true" in error.message


def test_a_sealed_token_speaks_the_same_where_there_are_no_keys(worker: Worker, ask: Caller) -> None:
    sealed_token, plain = token_of(signing(worker, KEY)), token_of(ask)
    assert base64.b64decode(sealed_token)[SEAL_BYTES:] == base64.b64decode(plain)
    replies = [speech(ask(**PLAIN, voice_embedding=token)) for token in (sealed_token, plain)]
    assert replies[0].audio_base64 == replies[1].audio_base64
    assert replies[0].voice == replies[1].voice


@pytest.mark.parametrize("kind", ["cloning", "conversion"])
def test_an_unsigned_token_is_refused_where_there_are_keys(worker: Worker, ask: Caller, kind: str) -> None:
    fields = {"type": kind, "voice_embedding": token_of(ask)}
    fields |= {"text": "hi"} if kind == "cloning" else {"source_audio": SINGER}
    error = refusal(signing(worker, KEY)(**fields)).error
    assert (error.code, error.field) == ("untrusted_voice", "voice_embedding")
    assert "not signed" in error.message


REVISION = "1a2b3c4d5e6f7a8b9c0d"


@pytest.mark.parametrize(
    ("key", "fields", "words"),
    [
        (f"tone/{REVISION}", {}, ("'tone'", REVISION[:12], "has revision 1: ")),
        ("chatterbox/1", {}, ("'chatterbox'", "not loaded here; loaded are espeak, tone: ")),
        (HERE, {"engine": "espeak"}, ("clones voices",)),
        (HERE, {"language": "ja"}, ("speaks that language",)),
    ],
)
def test_a_token_of_another_revision_or_engine_is_refused_with_what_made_it_and_what_to_send(
    ask: Caller, key: str, fields: dict[str, object], words: tuple[str, ...]
) -> None:
    sent = base64_of(voice_to_bytes(voice_with(key, f0_hz=np.float32([330]))))
    error = refusal(ask(**PLAIN, voice_embedding=sent, **fields)).error
    assert all(word in error.message for word in words), error.message
    assert REVISION not in error.message
    if not fields:
        assert (error.code, error.field) == ("incompatible_embedding", "voice_embedding")
        assert "send the recording again as 'reference_audio' with 'return_embedding': true" in error.message


class Tenor(ToneEngine):
    """Another engine that clones."""

    name = "tenor"
    embedding_key = "tenor/1"

    def __init__(self) -> None:
        super().__init__()
        self.voices = ()


def test_a_token_of_an_engine_that_is_loaded_but_not_asked_for_says_so(worker: Worker) -> None:
    engines = Engines([worker.engines["tone"], Tenor()])
    ask = Caller(Service(replace(fresh(worker), engines=engines)))
    sent = base64_of(voice_to_bytes(SUNG))
    error = refusal(ask(**PLAIN, voice_embedding=sent, engine="tenor")).error
    assert (error.code, error.field) == ("incompatible_embedding", "voice_embedding")
    assert "made by 'tone', which is loaded here but is not the 'engine' asked for" in error.message


def test_a_token_that_holds_nothing_is_refused(ask: Caller) -> None:
    empty = Voice(id="x", names=("x",), language="en", gender="male")
    error = refusal(ask(**PLAIN, voice_embedding=base64_of(voice_to_bytes(empty)))).error
    assert (error.code, error.field) == ("incompatible_embedding", "voice_embedding")
    assert "made by no engine" in error.message


def test_a_token_over_the_limit_is_refused_before_it_is_decoded(ask: Caller) -> None:
    for sent in ("A" * (2 * MAX_TOKEN_BYTES), base64_of(bytes(MAX_TOKEN_BYTES + 1))):
        error = refusal(ask(**PLAIN, voice_embedding=sent)).error
        assert (error.code, error.field) == ("fetch_too_large", "voice_embedding")
        assert f"{MAX_TOKEN_BYTES} bytes" in error.message


def test_a_token_is_fetched_by_url_up_to_the_same_limit(worker: Worker) -> None:
    for body, code in ((voice_to_bytes(SUNG), ""), (bytes(MAX_TOKEN_BYTES + 1), "fetch_too_large")):
        with serving(answering(body), tls=server_tls()) as server:
            ask = Caller(Service(replace(fresh(worker), fetcher=fetcher(server, allow_http=False))))
            reply = ask(**PLAIN, voice_embedding=server.url("/me.voice"))
        if code:
            assert refusal(reply).error.code == code
        else:
            assert pitch(reply) == pytest.approx(330, rel=0.005)


def test_the_alias_is_the_field() -> None:
    request = parse({"text": "hi", "voice_token": "AA"})
    assert isinstance(request, CloningRequest)
    assert request.voice_embedding == "AA"


def test_any_damage_to_a_token_is_a_typed_error_and_none_is_spoken_where_it_is_signed(worker: Worker) -> None:
    file = voice_to_bytes(SUNG)
    token = sealed(file, KEY.encode())
    signed, unsigned = signing(worker, KEY), signing(worker)
    codes = {"untrusted_voice", "invalid_voice_file", "incompatible_embedding"}
    spoken = []

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(st.integers(0, len(token) - 1), st.integers(0, 7), st.booleans(), st.sampled_from([token, file]))
    def check(place: int, bit: int, cut: bool, whole: bytes) -> None:
        place %= len(whole)
        changed = whole[:place] if cut else whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]
        fields = {**PLAIN, "text": "l", "language": "en", "voice_embedding": base64_of(changed or b"\0")}
        assert refusal(signed(**fields)).error.code in codes
        reply = unsigned(**fields)
        if isinstance(reply, SpeechReply):
            spoken.append(reply)
        else:
            assert refusal(reply).error.code in codes

    check()
    assert len(spoken) < EXAMPLES / 2


def test_keys_are_neither_logged_nor_shown(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings.from_environment({"TTS_VOICE_TOKEN_KEYS": f"{KEY}, {OTHER}"})
    assert [key.get_secret_value() for key in settings.voice_token_keys] == [KEY, OTHER]
    with caplog.at_level(logging.DEBUG):
        ask = Caller(Service(fresh(worker, voice_token_keys=settings.voice_token_keys)))
        speech(ask(**PLAIN, voice_embedding=token_of(ask)))
        refused = refusal(ask(**PLAIN, voice_embedding=base64_of(voice_to_bytes(SUNG))))
    logged = json.dumps([vars(record) for record in caplog.records], default=str)
    for shown in (logged, repr(settings), str(settings), settings.model_dump_json(), refused.model_dump_json()):
        assert "canary" not in shown
    assert "job done" in logged


def test_a_key_that_is_too_short_is_named_by_its_place_and_not_shown() -> None:
    with pytest.raises(InvalidSettings, match=r"^TTS_VOICE_TOKEN_KEYS: key 2 has 12 characters and needs 32") as caught:
        Settings.from_environment({"TTS_VOICE_TOKEN_KEYS": f"{KEY},short-canary"})
    assert "canary" not in str(caught.value) + str(caught.value.__cause__)


def test_a_key_that_is_no_utf_8_signs_too(worker: Worker) -> None:
    ask = signing(worker, "\udcff" * 32)
    speech(ask(**PLAIN, voice_embedding=token_of(ask)))


def test_the_limit_for_tokens_leaves_a_tighter_one_of_the_fetcher(worker: Worker) -> None:
    tight = Fetcher(limits=replace(Fetcher().limits, max_bytes=100))
    ask = Caller(Service(replace(fresh(worker), fetcher=tight)))
    error = refusal(ask(**PLAIN, voice_embedding=base64_of(voice_to_bytes(SUNG)))).error
    assert (error.code, error.field) == ("fetch_too_large", "voice_embedding")
    assert "100 bytes" in error.message
