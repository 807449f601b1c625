"""Settings: the only reader of the environment."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    ValidationError,
    model_validator,
)

from worker import settings_s3
from worker.errors import InvalidSettings

PREFIX = "TTS_"
REPOSITORY = Path(__file__).resolve().parent.parent
SHORTEST_KEY = 32
"""Characters of a key that signs; as hexadecimal digits they are 128 bits."""


def _names(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _long_enough(keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    for place, key in enumerate(keys, start=1):
        if len(key) < SHORTEST_KEY:
            raise ValueError(
                f"key {place} has {len(key)} characters and needs {SHORTEST_KEY}: `openssl rand -hex 32` makes one"
            )
    return keys


class Settings(BaseModel):
    """What a worker is told at start; each field is read from `TTS_` and its name in capitals."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    engines: Annotated[tuple[str, ...], BeforeValidator(_names), Field(min_length=1)] = ("espeak",)
    """Engines loaded at cold start, comma-separated; the first that can speak a voice is the default."""
    default_voice: str | None = None
    """Voice of a request that names neither voice, profile nor language; unset, `sarah`, or whom the first engine can
    speak."""
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    """Where neural engines compute: `cpu`, `cuda`, `cuda:1`; `auto` is a GPU where there is one."""
    batch_size: int = Field(default=8, ge=1, le=256)
    """Utterances that an engine which batches speaks side by side at most, those of all jobs together; fewer where
    memory is short."""
    precision: Literal["auto", "reference", "balanced", "fast"] = "auto"
    """Numbers neural engines compute in: `reference` as their makers do, `balanced` half precision, `fast` the least
    that is heard; `auto` is balanced on a GPU, reference elsewhere."""
    guards: bool = True
    """Whether utterances are judged before they are heard: cut, repeated, noisy, silent or clipped ones."""
    guard_retries: int = Field(default=2, ge=0, le=10)
    """How often an utterance that fails is made again; then the best is kept, and the reply says what is wrong."""
    recognition_model: Path | None = None
    """Folder of a faster-whisper model, with which what is heard is held against the text; needs that package."""
    watermark: bool = True
    """Whether neural speech carries an inaudible mark that says it is synthetic; every reply says whether it does."""
    lazy_engines: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    """Engines loaded when a job first asks for them by name, comma-separated."""
    voices_dir: Path = REPOSITORY / "embeddings"
    """Folder with `catalog.json` and the voice files."""
    saved_voices_dir: Path | None = None
    """Folder that `save_voice` of a cloning writes to, on a volume that all workers share; it may have a catalogue."""
    saved_voices_s3: bool = False
    """Whether `save_voice` writes to the bucket instead, for all workers that use it; the access key then has to be
    allowed to read, delete and list what lies there."""
    voices_refresh_sec: float = Field(default=10.0, ge=0)
    """Seconds between two looks at what changed in these folders; 0 looks once."""
    delete_voices: bool = False
    """Whether jobs may delete voices that were saved, for all workers."""
    warm_voices: int = Field(default=16, ge=0, le=1000)
    """Voices, those used most, that engines are made ready to speak as after the start; 0 is none."""
    voice_token_keys: Annotated[tuple[SecretStr, ...], BeforeValidator(_names), AfterValidator(_long_enough)] = ()
    """Secrets of at least 32 characters, comma-separated: the first signs each `voice_embedding`, all verify."""
    require_consent: bool = False
    """Whether nobody speaks of whom neither the library, nor a signed `voice_embedding`, nor the job has `consent`."""
    volume_dir: Path | None = None
    """Folder that `delivery: volume` writes to; unset, that delivery is off."""
    cache_mb: int = Field(default=256, ge=0)
    """Memory, in MiB, for utterances that may be asked for again; 0 keeps none there."""
    cache_ttl_sec: float = Field(default=604_800.0, gt=0)
    """Seconds after which an utterance is rendered anew, wherever it was kept; the default is a week."""
    cache_dir: Path | None = None
    """Folder, on a volume, for utterances that outlive the worker; unset, none do there."""
    cache_disk_mb: int = Field(default=4096, ge=1)
    """Size, in MiB, that this folder is kept at."""
    cache_s3: bool = False
    """Whether utterances are kept in the bucket too, which the access key then has to be allowed to read and list."""
    max_text_chars: int = Field(default=50_000, ge=1)
    """Longest text of a synthesis request, in characters."""
    max_long_text_mb: int = Field(default=100, ge=1, le=4096)
    """Longest text of a long-text request, and largest document, in MiB."""
    max_audio_sec: float = Field(default=3600.0, gt=0)
    """Longest recording of one request, in seconds; a long text has no such limit."""
    loudness_lufs: float = Field(default=-19.0, ge=-40.0, le=-8.0)
    """Integrated loudness each utterance is brought to, in LUFS (mono; −16 LUFS stereo sounds as loud)."""
    lanes: int = Field(default=2, ge=1, le=256)
    """Jobs that run at the same time."""
    memory_growth_mb: int = Field(default=2048, ge=64)
    """Memory, in MiB, that the process may gain after its first jobs before it asks to be replaced."""
    frontend: Literal["queue", "stream"] = "queue"
    """How jobs are answered on the platform: with one reply, or with audio as it is made for those that ask."""
    progress_sec: float = Field(default=5.0, ge=0)
    """Seconds between two reports on how far a long job is; 0 sends none."""
    espeak_library: Path | None = None
    """A libespeak-ng of your own; unset, the one of the espeakng-loader package, else the system's."""
    models_dir: Path | None = None
    """Folder with checkpoints, as `builder.fetch_models` writes it; where it lacks one, the caches are looked into."""
    hub_cache_dir: Path | None = None
    """Cache of the Hugging Face Hub, only read; unset, where `HF_HUB_CACHE` or `HF_HOME` say, else its usual place."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Lowest level that is logged."""
    s3_endpoint: str | None = None
    """Address of the S3 store that `delivery: s3` uploads to, with or without the bucket; unset, AWS in the region."""
    s3_bucket: Annotated[str, AfterValidator(settings_s3.bucket_name)] | None = None
    """Bucket of the uploads; unset, the one in the endpoint's address, else that delivery is off."""
    s3_region: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]+$")
    """Region of the bucket; unset, the one in the endpoint's address, else `us-east-1`."""
    s3_prefix: Annotated[str, AfterValidator(settings_s3.key_prefix)] | None = None
    """What every key begins with, as a folder."""
    s3_key_template: Annotated[str, AfterValidator(settings_s3.key_template)] = settings_s3.DEFAULT_KEY_TEMPLATE
    """Rest of the key, of the placeholders `{job}`, `{digest}` (of the request), `{extension}`, `{date}`, `{voice}`."""
    s3_access_key_id: SecretStr | None = None
    """Access key of the bucket; it has to be allowed to put objects, and nothing else."""
    s3_secret_access_key: SecretStr | None = None
    """Its secret."""
    s3_url_lifetime_sec: int = Field(
        default=settings_s3.LONGEST_URL_LIFETIME_SEC, ge=1, le=settings_s3.LONGEST_URL_LIFETIME_SEC
    )
    """Seconds that the signed URL of a recording works for; the default, 7 days, is the most that S3 allows."""
    s3_public_base_url: HttpUrl | None = None
    """Where the bucket can be read by everyone; set, replies hold this and the key rather than a signed URL."""
    s3_allow_private_endpoint: bool = False
    """Whether a job's own `s3Config` may lead into private networks, or without https."""

    @model_validator(mode="before")
    @classmethod
    def _settle_s3(cls, given: Any) -> Any:
        return settings_s3.settled(given) if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _check_saved_voices(self) -> Self:
        if self.saved_voices_s3 and not self.s3_bucket:
            raise ValueError("TTS_SAVED_VOICES_S3 needs a bucket: set TTS_S3_BUCKET and its credentials")
        if self.saved_voices_s3 and self.saved_voices_dir:
            raise ValueError("voices are saved in one place: set TTS_SAVED_VOICES_S3 or TTS_SAVED_VOICES_DIR, not both")
        return self

    @model_validator(mode="after")
    def _check_cache(self) -> Self:
        if self.cache_s3 and not self.s3_bucket:
            raise ValueError("TTS_CACHE_S3 needs a bucket: set TTS_S3_BUCKET and its credentials")
        return self

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """The settings in `environment`; empty values count as unset.

        Where S3 is to be used, RunPod's `BUCKET_…` and AWS's names stand in for `TTS_S3_…` that are unset,
        and Hugging Face's for `TTS_HUB_CACHE_DIR`.

        Raises:
            InvalidSettings: a `TTS_…` name is unknown, a value does not fit, or S3 is set up in part.

        """
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environment.items()
            if name.startswith(PREFIX) and value.strip()
        }
        for name in given:
            if name not in cls.model_fields:
                raise InvalidSettings(_unknown(name, cls.model_fields))
        try:
            return cls.model_validate(_hub_cache(environment) | given | settings_s3.stand_ins(environment, given))
        except ValidationError as error:
            raise InvalidSettings(_first_message(error)) from error


def _hub_cache(environment: Mapping[str, str]) -> dict[str, Path]:
    """Where Hugging Face's own names put its cache: https://huggingface.co/docs/huggingface_hub/guides/manage-cache."""
    known = {name: value.strip() for name, value in environment.items() if value.strip()}
    places = (("HF_HUB_CACHE", ""), ("HUGGINGFACE_HUB_CACHE", ""), ("HF_HOME", "hub"))
    place = next((Path(known[name], below) for name, below in places if name in known), None)
    return {} if place is None else {"hub_cache_dir": place}


def _first_message(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = f"{PREFIX}{str(first['loc'][0]).upper()}: " if first["loc"] else ""
    return name + first["msg"].removeprefix("Value error, ")


def _unknown(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {PREFIX}{near[0].upper()}?" if near else ""
    return f"unknown setting {PREFIX}{name.upper()}{hint}"
