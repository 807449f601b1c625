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
    voice: str | None = None
    """Who spoke, where it is another than was asked for."""
    because: tuple[str, ...] | None = None
    """Why that is so: codes of errors, names of checks, `engine_resting` for an engine that had failed before."""
    attempts: int
    verdict: Literal["ok", "token_limit", "failed_checks"]
    """token_limit: the engine stopped at the longest audio it makes at once, and the end may be missing."""
    failed: tuple[str, ...] | None = None
    """Names of the checks that no rendering passed; this is the best of them."""
    part: int | None = None
    """Of a long text in several files, the number of the one it is heard in, from 1."""
    segment: int | None = None
    """Of a dialogue, the number of the segment in whose text the span is, from 0."""
    speaker: str | None = None
    """Who says it, where several speak."""


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
    utterances: int | None = None
    """How many there are."""
    retries: int | None = None
    """Renderings that were not kept."""
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
    """Whether another engine or voice than asked for, which are told above, spoke an utterance; `warnings` say why."""
    utterances: tuple[UtteranceReply, ...]
    warnings: tuple[str, ...]
    captions: str | None = None
    voice_embedding: str | None = None
    """Base64, where a cloning asked for it: to be sent instead of the recording the next time."""
    metrics: JobMetrics


class FileReply(_Frozen):
    """A file beside the audio; exactly one of the first three fields is set."""

    base64: str | None = None
    url: str | None = None
    path: str | None = None
    content_type: str
    size_bytes: int


class ChapterReply(_Frozen):
    """A chapter, or what of it is heard in one file."""

    number: int
    """Of the chapter, from 1."""
    title: str | None
    part: int
    """Number of the file, from 1."""
    start_sec: float
    """Its place in that file."""
    end_sec: float


class PartReply(Destination):
    """One file of a long text."""

    number: int
    """From 1."""
    duration_sec: float
    size_bytes: int
    captions: FileReply | None = None


class LongTextReply(SpeechReply):
    """A long text; where it is one file, that stands here too, else in `parts` alone.

    `utterances` are those whose verdict is not "ok", as many as there is room for; the manifest has all.
    """

    title: str | None = None
    author: str | None = None
    chapters: tuple[ChapterReply, ...]
    parts: tuple[PartReply, ...]
    manifest: FileReply | None = None
    """JSON: every utterance with its span, times, seed, engine, attempts and verdict; chapters; files."""
    cue_sheet: FileReply | None = None


class AudioPiece(_Frozen):
    """On a stream, the next bytes of the file."""

    type: Literal["audio"] = "audio"
    index: int
    """From 0, without gaps."""
    audio_base64: str


class CapabilityReply(_Frozen):
    """What an engine can do with a voice."""

    engine: str
    by: Literal["settings", "embedding", "reference"]
    """settings: a formula, or what the engine brings, speaks; embedding: made for the weights loaded here, so it is
    ready at once; reference: the recording is enrolled when it is first used."""
    conversion: bool
    """Whether a recording can be said again in it."""
    blending: bool
    """Whether it can be mixed with others."""


class EffectsReply(_Frozen):
    """What a profile does to the audio after an engine spoke."""

    pitch_semitones: float
    speed: float
    volume_db: float
    reverb: float


class VoiceDetailsReply(_Frozen):
    """How a voice or profile is spoken."""

    capabilities: tuple[CapabilityReply, ...]
    """By engine, the preferred first."""
    options: dict[str, float | int | str | bool]
    """Engine options that it brings."""
    lexicon_words: int
    """Words that it says its own way."""
    voice: str | None = None
    """Of a profile, the voice it is built on."""
    effects: EffectsReply | None = None
    """Of a profile."""


class SampleReply(_Frozen):
    """A voice, saying a sentence."""

    audio_base64: str
    format: AudioFormat
    duration_sec: float
    text: str
    engine: str


class VoiceReply(_Frozen):
    """A voice or profile of the library; what is known of a profile's speaker is its voice's."""

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
    tags: tuple[str, ...] = ()
    licence: str | None = None
    """What it may be used for, as it is written down."""
    has_consent: bool = False
    """Whether it is on record that the speaker agreed, or that none was needed."""
    version: int = 1
    """Rises each time another voice takes the name."""
    saved: bool = False
    """Whether a job saved it."""
    duration_sec: float | None = None
    """Of its recording, where there is one."""
    uses: int = 0
    """Jobs that spoke with it, on all workers that share the folder of saved voices."""
    details: VoiceDetailsReply | None = None
    """Where they were asked for."""
    sample: SampleReply | None = None
    """Where it was asked for, and can be made."""


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
    blending: bool


class VoicesReply(_Frozen):
    """A page of the voices and profiles that fit, and the engines; or what was deleted."""

    voices: tuple[VoiceReply, ...]
    total: int
    """How many fit, on all pages."""
    next_offset: int | None = None
    """Where the next page begins; absent on the last."""
    engines: tuple[EngineReply, ...]
    deleted: str | None = None
    """Id of the voice that is no more."""
    warnings: tuple[str, ...] = ()


class BatchReply(_Frozen):
    """The batch of an engine that speaks utterances side by side."""

    rows_in_use: int
    """Guided utterances hold two."""
    row_limit: int
    """Fewer than the worker began with for a while where memory ran out."""


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
    batches: dict[str, BatchReply]
    """By engine, of those that batch."""
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
    cache: dict[str, int]
    """What happened to utterances on their way past the cache: "hit", "miss", "corrupted", …"""
    cache_bytes: dict[str, int]
    """By tier, as far as it is known."""


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
