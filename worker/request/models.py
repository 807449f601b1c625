"""The requests: one frozen model per job type."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, TypeAdapter

from voice_library.names import as_voice_id
from worker.request.fallback import Fallback
from worker.request.options import EffectsRequest, EngineOptions, Strict

AudioFormat = Literal["wav", "mp3", "flac", "ogg", "opus", "pcm"]
CaptionFormat = Literal["none", "srt", "vtt", "json"]
Priority = Literal["interactive", "normal", "batch"]
"""Who comes first where many wait: somebody who listens, anybody, or work that nobody waits for."""
LanguageTag = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")]
"""BCP 47, in any case and with either separator."""
LARGEST_SEED = 2**32 - 1


def _makes_an_id(name: str) -> str:
    if as_voice_id(name) is None:
        raise ValueError("a voice's name has 1 to 64 letters a-z, digits, spaces, hyphens and underscores")
    return name


VoiceName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_makes_an_id)]
"""What a new voice may be called: as an id, or as something an id can be made of."""


def _are_words(entries: Mapping[str, str]) -> Mapping[str, str]:
    words = [" ".join(unicodedata.normalize("NFC", word).split()) for word in entries]
    if not all(words):
        raise ValueError("one of the words is blank")
    if len(set(words)) < len(words):
        raise ValueError("one of the words is given twice, in two ways to write its accents or spaces")
    return entries


def _is_a_statement(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("write one line of printable text")
    return text


Statement = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_is_a_statement)]
"""What stays with a voice as it was written."""


LexiconEntries = Annotated[
    Mapping[
        Annotated[str, Field(min_length=1, max_length=64)],
        Annotated[str, Field(max_length=200)],
    ],
    Field(max_length=500),
    AfterValidator(_are_words),
]
"""What is said, by the word that is written."""


class RecordingRequest(Strict):
    """What all requests have in common that make a recording."""

    voice: str | None = None
    """Id, name or alias of a voice or profile. Aliases: voice_id, voice_name."""
    profile: str | None = None
    """Id or name of a profile: a voice with effects and options."""
    engine: str = "auto"
    """Engine to use; `auto` takes the worker's preferred one for the voice. Alias: model."""
    response_format: AudioFormat = "mp3"
    """ogg is Vorbis, opus is Opus in Ogg, pcm is headerless 16-bit little-endian. Aliases: format, output_format."""
    sample_rate: Annotated[int, Field(ge=8000, le=48_000)] | None = None
    """Hertz; by default the engine's, and 24000 for pcm."""
    seed: Annotated[int, Field(ge=-1, le=LARGEST_SEED)] | None = None
    """The same seed gives the same audio; null, 0 and -1 draw one, and the reply says which."""
    effects: EffectsRequest = EffectsRequest()
    room_tone: bool = False
    """Pauses hold the quiet noise of the recording's own background rather than digital silence."""
    delivery: Literal["auto", "inline", "volume", "s3"] = "auto"
    """inline: base64 in the reply; s3, volume: stored there; auto: inline if it fits, else s3, else volume."""
    allow_downgrade: bool = False
    """A smaller format is taken where the audio would fit nowhere."""
    strict: bool = False
    """What the engine or the job does not honour is an error instead of a warning."""


class DirectedRequest(RecordingRequest):
    """What all requests have in common that say how a text is to be spoken."""

    language: LanguageTag | None = None
    """BCP-47 tag of the text; by default the voice's. Aliases: language_id, lang_code."""
    speed: Annotated[float, Field(ge=0.25, le=4)] = 1.0
    """2 is twice as fast. Alias: speed_factor."""
    chunk_size: Annotated[int, Field(ge=50, le=500)] = 280
    """Characters of one utterance that the text is cut to. Alias: max_chars."""
    normalize: bool = True
    """Speak numbers, dates, units and abbreviations as words; false sends the text as it stands."""
    lexicon: LexiconEntries = {}  # noqa: RUF012 - pydantic copies it
    """How words are to be spoken: {"GIF": "jif"}. Whole words; one in lower case stands for every case."""
    options: EngineOptions = EngineOptions()
    stream: bool = False
    """Audio is sent as it is made, where the worker streams."""
    live: bool | None = None
    """With `stream`: the first utterance is heard while it is made, a few words after it was begun, where the engine
    can; it is checked when it is too late to make it again. By default only where the priority is "interactive"."""
    priority: Priority = "normal"
    """Which of several jobs is spoken first; a wish about time that changes no sample, and that engines which speak one
    utterance after another pay no heed to."""
    captions: CaptionFormat = "none"
    fallback: Fallback = ()
    """Who takes over where the engine fails, in this order: [{"engine": "espeak", "voice": "sarah"}]; else nobody."""

    @property
    def is_live(self) -> bool:
        """Whether the first utterance is to be heard while it is made."""
        return self.stream and (self.priority == "interactive" if self.live is None else self.live)


class SpokenRequest(DirectedRequest):
    """What all requests have in common that speak a text."""

    text: str
    """What to say; `[pause:1.5s]` and `[pause:500ms]` are silences. Aliases: prompt, input."""


class SynthesisRequest(SpokenRequest):
    """Text to speech with a library voice, a profile or an engine's own voice."""

    type: Literal["synthesis"] = "synthesis"
    voice_tags: bool = False
    """`[voice:anna]` in the text hands over to the voice or profile of that name."""


class Segment(Strict):
    """What one speaker says; what is left out is as the dialogue has it."""

    text: str
    """As in a synthesis. Aliases: prompt, input."""
    speaker: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Who the captions say it is; by default the name of the voice."""
    voice: str | None = None
    """Aliases: voice_id, voice_name."""
    profile: str | None = None
    engine: str | None = None
    """Alias: model."""
    language: LanguageTag | None = None
    """Aliases: language_id, lang_code."""
    speed: Annotated[float, Field(ge=0.25, le=4)] | None = None
    """Alias: speed_factor."""
    effects: EffectsRequest = EffectsRequest()
    options: EngineOptions = EngineOptions()
    gap_sec: Annotated[float, Field(ge=0, le=10)] | None = None
    """Silence before it; by default a natural one, and none before the first."""


class DialogueRequest(DirectedRequest):
    """Several speakers, one after another, in one recording."""

    type: Literal["dialogue"]
    segments: Annotated[tuple[Segment, ...], Field(min_length=1, max_length=2000, strict=False)]
    """In the order they are heard. `voice`, `language` and so on beside them are for those that say no other."""


class EveryMinutes(Strict):
    """A new file after so many minutes of audio, at the end of a sentence."""

    every_min: Annotated[float, Field(gt=0, le=24 * 60)]


class LongTextRequest(DirectedRequest):
    """A text of any length, or a document, as one recording or several, each delivered once it is finished."""

    type: Literal["long_text"]
    priority: Priority = "batch"
    """As in a synthesis; nobody listens while a book is made."""
    text: Annotated[str, Field(min_length=1)] | None = None
    """What to say, as in a synthesis. Aliases: prompt, input."""
    document: Annotated[str, Field(min_length=1)] | None = None
    """Instead of the text, a document: an https URL, a data: URI or base64."""
    document_kind: Literal["auto", "text", "markdown", "html", "epub", "pdf"] = "auto"
    """What the document is; `auto` looks at its bytes. A `text` is plain text unless another kind is named."""
    chapters: Literal["auto", "none"] = "auto"
    """auto: the chapters that headings and tables of contents tell of; none: all is one."""
    split: Literal["none", "chapter"] | EveryMinutes = "none"
    """A file for everything, for each chapter, or for so many minutes: {"every_min": 30}."""
    chapter_marks: Literal["auto", "none"] = "auto"
    """auto: where there are chapters, marks in an MP3 and a cue sheet beside all files."""


class SpeakerFields(Strict):
    """A speaker who is not in the library."""

    reference_audio: Annotated[str, Field(min_length=1)] | None = None
    """A recording of the speaker: an https URL, a data: URI or base64 of a WAV, FLAC, MP3 or Ogg file.
    Aliases: voice_url, audio_prompt, ref_audio, audio_base64, reference_audio_base64, prompt_audio."""
    voice_embedding: Annotated[str, Field(min_length=1)] | None = None
    """Instead of the recording, the base64 that a job with `return_embedding` gave for it. Alias: voice_token."""


class SpeakerClaims(Strict):
    """What the caller says of that speaker; it stays with a voice that is saved or given back."""

    consent: Statement | None = None
    """Who agreed to the use of the voice, when, and where that is written."""
    licence: Statement | None = None
    """What the voice may be used for: the name of a licence, or its terms."""


class CloningRequest(SpokenRequest, SpeakerFields, SpeakerClaims):
    """Text to speech in the voice of a recording; a `synthesis` with `reference_audio` is one too."""

    type: Literal["cloning"]
    save_voice: VoiceName | None = None
    """Keep the voice on this worker under that id, or one made of that name."""
    replace_voice: bool = False
    """A voice saved under that id before gives way."""
    return_embedding: bool = False
    """The reply has the `voice_embedding`, to be sent instead of the recording the next time."""


class ConversionRequest(RecordingRequest, SpeakerFields, SpeakerClaims):
    """A recording said again by a voice, a profile's voice, or the speaker of another recording."""

    type: Literal["conversion"]
    source_audio: Annotated[str, Field(min_length=1)]
    """What to say again: an https URL, a data: URI or base64, as `reference_audio`.
    Aliases: audio, input_audio, source."""


class VoicesRequest(Strict):
    """Lists and describes voices, profiles and engines, page by page, or deletes a voice."""

    type: Literal["voices"]
    voice: str | None = None
    """Only this voice or profile. Aliases: voice_id, voice_name."""
    search: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """Words, or parts of words, that all stand in its id, names, aliases or tags."""
    kind: Literal["all", "voice", "profile"] = "all"
    language: LanguageTag | None = None
    """The closest to it first. Aliases: language_id, lang_code."""
    gender: Literal["female", "male", "neutral"] | None = None
    tier: Literal["standard", "premium"] | None = None
    tags: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], Field(max_length=32, strict=False)
    ] = ()
    """All of these. A profile has language, gender, tier and tags of its voice."""
    engine: str | None = None
    """Only voices this engine can speak; also lists the engine's own. Alias: model."""
    saved: bool = False
    """Only voices that jobs saved."""
    offset: Annotated[int, Field(ge=0)] = 0
    """How many to pass over; the reply's `next_offset` is that of the next page."""
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    """The most that are listed at once."""
    details: bool = False
    """Each says how every engine would speak it, and with which options and effects."""
    samples: bool = False
    """Each says a sentence; for pages of up to 10."""
    response_format: AudioFormat = "mp3"
    """Of the samples. Aliases: format, output_format."""
    delete: str | None = None
    """Id of a voice that a job saved and that is to be deleted, where the worker allows it; sent alone."""


class HealthRequest(Strict):
    """Asks how the worker is."""

    type: Literal["health"]


Request = Annotated[
    SynthesisRequest
    | CloningRequest
    | ConversionRequest
    | DialogueRequest
    | LongTextRequest
    | VoicesRequest
    | HealthRequest,
    Field(discriminator="type"),
]
REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
TYPES: Mapping[str, type[Strict]] = {
    get_args(model.model_fields["type"].annotation)[0]: model
    for model in (
        SynthesisRequest,
        CloningRequest,
        ConversionRequest,
        DialogueRequest,
        LongTextRequest,
        VoicesRequest,
        HealthRequest,
    )
}
"""The models by the name of their type."""
