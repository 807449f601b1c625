"""What a caller gets: every reply, and the one form of an error."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from worker.request import AudioFormat


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class UtteranceReply(_Frozen):
    """One utterance of a recording."""

    start: int | None = None
    """Its span in the request's text, in code points; absent where a recording, not a text, was said."""
    end: int | None = None
    start_sec: float
    """Its place in the recording."""
    end_sec: float
    seed: int
    engine: str
    attempts: int
    verdict: Literal["ok", "token_limit"]
    """token_limit: the engine stopped at the longest audio it makes at once, and the end may be missing."""


class JobMetrics(_Frozen):
    """Seconds of one job."""

    queue_sec: float
    """Waiting in the worker for a free lane."""
    load_sec: float
    """Loading engines, at this worker's cold start."""
    synth_sec: float
    """Synthesis, effects and levelling."""
    encode_sec: float
    rtf: float | None
    """Real-time factor: seconds of work per second of audio; null without audio."""
    ttfa_sec: float | None
    """Time to first audio, from the start of the job."""
    cache_hits: int
    """Utterances that did not have to be rendered."""
    leaving: str | None = None
    """Why the worker asks to be replaced after this job."""


class Destination(_Frozen):
    """Where the audio is; exactly one field is set."""

    audio_base64: str | None = None
    audio_url: str | None = None
    audio_path: str | None = None


class SpeechReply(Destination):
    """A finished recording."""

    format: AudioFormat
    content_type: str
    sample_rate: int
    """Hertz."""
    duration_sec: float
    size_bytes: int
    engine: str
    voice: str
    language: str
    seed: int
    """Send it again to get the same audio."""
    watermark: bool
    """Whether the engine marked its audio, inaudibly, as synthetic."""
    degraded: bool
    """Whether another engine or voice than the one asked for spoke."""
    utterances: tuple[UtteranceReply, ...]
    warnings: tuple[str, ...]
    captions: str | None = None
    voice_embedding: str | None = None
    """Base64, where a cloning asked for it: to be sent instead of the recording the next time."""
    metrics: JobMetrics


class AudioPiece(_Frozen):
    """On a stream, the next bytes of the file."""

    type: Literal["audio"] = "audio"
    index: int
    """From 0, without gaps."""
    audio_base64: str


class VoiceReply(_Frozen):
    """A voice or profile of the library."""

    id: str
    kind: Literal["voice", "profile"]
    names: tuple[str, ...]
    language: str
    gender: str
    tier: str
    engines: tuple[str, ...]
    """Loaded engines that can speak it, the preferred first."""
    aliases: tuple[str, ...] = ()
    description: str | None = None


class ParameterReply(_Frozen):
    """A parameter an engine honours."""

    name: str
    description: str


class EngineReply(_Frozen):
    """What a loaded engine can do."""

    name: str
    sample_rate: int
    languages: tuple[str, ...]
    parameters: tuple[ParameterReply, ...]
    speed_range: tuple[float, float]
    max_chars: int
    tags: tuple[str, ...]
    """Words that, in brackets in the text, it acts on rather than reads."""
    cloning: bool
    conversion: bool


class VoicesReply(_Frozen):
    """Voices, profiles and engines."""

    voices: tuple[VoiceReply, ...]
    engines: tuple[EngineReply, ...]


class HealthReply(_Frozen):
    """How the worker is."""

    status: Literal["ok", "leaving"]
    leaving: str | None = None
    """Why the worker finishes what it has and asks to be replaced."""
    version: str
    engines: tuple[str, ...]
    voices: int
    profiles: int
    devices: tuple[str, ...]
    """Where the engines compute."""
    memory_bytes: int
    """Resident memory of the process."""
    uptime_sec: float
    load_sec: float
    """Loading engines at cold start."""
    jobs: dict[str, int]
    """Finished jobs by outcome: "ok" or an error code."""
    audio_sec: float
    """Seconds of audio made so far."""
    latency_p50_sec: float | None
    latency_p95_sec: float | None


class ErrorDetail(_Frozen):
    """What went wrong and what to change."""

    code: str
    message: str
    field: str | None = None
    retryable: bool


class ErrorReply(_Frozen):
    """The one form of an error."""

    error: ErrorDetail


Reply = SpeechReply | VoicesReply | HealthReply | ErrorReply
