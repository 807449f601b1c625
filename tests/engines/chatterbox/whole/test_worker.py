"""A worker with Chatterbox answers jobs: who speaks, what the reply says, and what is refused."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from perth import PerthImplicitWatermarker  # type: ignore[import-untyped]  # it ships no types

from tests.conftest import Caller
from tests.jobs.speakers import sung
from worker.audio.clip import Clip
from worker.engines.chatterbox import memory
from worker.engines.registry import Engines
from worker.errors import EngineUnavailable
from worker.jobs.context import Worker
from worker.reply import ErrorReply, Reply, SpeechReply, VoicesReply
from worker.service import Service
from worker.settings import REPOSITORY, Settings


@pytest.fixture(scope="module")
def settings(checkpoints: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        engines=("chatterbox-nano", "tone", "espeak"),
        models_dir=checkpoints("nano").parent,
        saved_voices_dir=tmp_path_factory.mktemp("saved"),
        device="cpu",
        batch_size=4,
        guards=False,  # they would find no end in what random weights say
        cache_mb=0,
    )


@pytest.fixture(scope="module")
def speaking(settings: Settings) -> Iterator[Worker]:
    worker = Worker.load(settings)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def call(speaking: Worker) -> Caller:
    return Caller(Service(speaking))


def spoken(reply: Reply) -> SpeechReply:
    assert isinstance(reply, SpeechReply), reply
    return reply


def refused(reply: Reply) -> tuple[str, str]:
    assert isinstance(reply, ErrorReply), reply
    return reply.error.code, reply.error.message


def wav(clip: Clip) -> str:
    file = io.BytesIO()
    soundfile.write(file, clip.samples, clip.sample_rate, format="WAV", subtype="PCM_16")
    return base64.b64encode(file.getvalue()).decode()


def audio(reply: SpeechReply) -> np.ndarray:
    samples, _ = soundfile.read(io.BytesIO(base64.b64decode(reply.audio_base64 or "")), dtype="float32")
    return samples


SPEAKER = wav(sung(180.0, 6.0))


def test_the_first_engine_speaks_with_its_own_voice_where_nobody_is_named(call: Caller) -> None:
    reply = spoken(call(text="Hi!", response_format="wav", seed=3))
    assert (reply.engine, reply.voice, reply.watermark) == ("chatterbox-nano", "chatterbox-nano-default", True)
    (utterance,) = reply.utterances
    assert utterance.verdict == "token_limit"
    assert any("may be cut short" in warning for warning in reply.warnings)
    assert PerthImplicitWatermarker().get_watermark(audio(reply), sample_rate=24_000) == 1.0


def test_a_clone_speaks_and_its_embedding_sent_back_says_the_same(call: Caller) -> None:
    heard = spoken(call(text="No.", reference_audio=SPEAKER, return_embedding=True, response_format="wav", seed=5))
    assert heard.engine == "chatterbox-nano"
    assert heard.voice.startswith("clone-")
    again = spoken(
        call(type="cloning", text="No.", voice_embedding=heard.voice_embedding, response_format="wav", seed=5)
    )
    assert np.array_equal(audio(heard), audio(again))


def test_a_recording_is_said_again_in_another_voice(call: Caller) -> None:
    source = sung(220.0, 2.0)
    reply = spoken(
        call(
            type="conversion",
            source_audio=wav(source),
            voice="chatterbox-nano-default",
            response_format="wav",
            seed=7,
        )
    )
    assert (reply.engine, reply.watermark) == ("chatterbox-nano", True)
    assert reply.duration_sec == pytest.approx(source.duration_sec, abs=0.1)


def test_auto_takes_the_engine_that_speaks_the_language_or_honours_most_of_the_request(call: Caller) -> None:
    spoken(call(type="cloning", text="No.", reference_audio=SPEAKER, save_voice="speaker", engine="tone"))
    for fields, engine in (
        ({}, "chatterbox-nano"),
        ({"language": "fr"}, "tone"),
        ({"options": {"top_k": 40}}, "chatterbox-nano"),
    ):
        assert spoken(call(text="No.", voice="speaker", **fields)).engine == engine
    assert spoken(call(text="Non.", language="fr")).engine == "tone"
    assert spoken(call(text="No.", voice="sarah")).engine == "espeak"


def test_tags_reach_the_model_and_mistyped_ones_are_told(call: Caller) -> None:
    with_tag = spoken(call(text="Oh [laugh]", seed=9, response_format="wav"))
    without = spoken(call(text="Oh", seed=9, response_format="wav"))
    assert not np.array_equal(audio(with_tag)[:9600], audio(without)[:9600])
    assert not any("tag" in warning for warning in with_tag.warnings)
    mistyped = spoken(call(text="Oh [lauhg]", seed=9))
    assert any("did you mean 'laugh'" in warning for warning in mistyped.warnings)


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({"engine": "chatterbox-nano", "language": "fr"}, "unsupported_language", "en"),
        ({"engine": "chatterbox-nano", "exaggeration": 1.0, "strict": True}, "unsupported_parameter", "top_k"),
        ({"temperature": 0.0}, "invalid_request", "temperature"),
        ({"top_p": 1.5}, "invalid_request", "top_p"),
        ({"engine": "chatterbox-turbo"}, "unknown_engine", "not loaded"),
        ({"engine": "chatterbox-nano", "voice": "sarah"}, "unsupported_voice", "chatterbox-nano-default"),
        ({"reference_audio": wav(sung(180.0, 3.0)), "engine": "chatterbox-nano"}, "invalid_reference", "5"),
        ({"text": "  "}, "empty_text", ""),
        ({"text": "[laugh]", "engine": "chatterbox-nano", "reference_audio": "AAAA"}, "invalid_audio", "WAV"),
    ],
)
def test_what_it_cannot_do_is_refused_with_what_it_can(
    fields: dict[str, object], code: str, said: str, call: Caller
) -> None:
    found, message = refused(call(**{"text": "No.", **fields}))
    assert found == code
    assert said in message


def test_a_parameter_it_does_not_honour_is_a_warning(call: Caller) -> None:
    reply = spoken(call(text="No.", exaggeration=1.0, engine="chatterbox-nano"))
    assert any("'exaggeration'" in warning for warning in reply.warnings)


def test_the_voices_job_says_what_it_can_do(call: Caller) -> None:
    reply = call(type="voices", engine="chatterbox-nano")
    assert isinstance(reply, VoicesReply)
    (engine,) = reply.engines
    assert (engine.cloning, engine.conversion, len(engine.tags)) == (True, True, 19)
    assert "chatterbox-nano-default" in {voice.id for voice in reply.voices}


def test_a_lazy_engine_is_loaded_once_when_it_is_first_asked_for(settings: Settings) -> None:
    lazy = settings.model_copy(
        update={
            "engines": ("tone",),
            "lazy_engines": ("chatterbox-nano",),
            "saved_voices_dir": None,
            "watermark": False,
        }
    )
    worker = Worker.load(lazy)
    call = Caller(Service(worker))
    assert [engine.name for engine in worker.engines] == ["tone"]
    assert spoken(call(text="No.")).engine == "tone"
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            {"text": "No.", "engine": "chatterbox-nano", "seed": seed, "response_format": "wav"} for seed in (1, 1, 2)
        ]
        first, same, other = (spoken(reply) for reply in pool.map(lambda fields: call(**fields), jobs))
    assert [engine.name for engine in worker.engines] == ["tone", "chatterbox-nano"]
    assert np.array_equal(audio(first), audio(same))
    assert not np.array_equal(audio(first)[:9600], audio(other)[:9600])
    assert first.watermark is False
    assert PerthImplicitWatermarker().get_watermark(audio(first), sample_rate=24_000) == 0.0
    worker.close()


def test_a_missing_checkpoint_says_how_to_get_it(tmp_path: Path) -> None:
    empty = Settings(engines=("chatterbox-turbo",), models_dir=tmp_path, hub_cache_dir=tmp_path)
    with pytest.raises(EngineUnavailable, match="fetch_models chatterbox-turbo"):
        Engines.load(empty)


def test_an_engine_that_does_not_fit_the_device_is_refused_before_it_is_loaded(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda _: 2**20)
    with pytest.raises(
        EngineUnavailable, match=r"needs \d\.\d\d GiB on cpu for one utterance at a time and 0\.00 GiB are free"
    ):
        Engines.load(settings)


def test_a_device_that_is_not_there_is_named(settings: Settings) -> None:
    with pytest.raises(EngineUnavailable, match="TTS_DEVICE: there is no cuda:7"):
        Engines.load(settings.model_copy(update={"device": "cuda:7"}))


def test_without_torch_the_worker_says_what_to_install(checkpoints: Callable[[str], Path]) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from worker.engines.registry import Engines\nfrom worker.settings import Settings\n"
        "Engines.load(Settings(engines=('chatterbox-nano',)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert "needs torch, which is not installed: `make neural MODELS=chatterbox-nano`" in done.stderr
