"""Every error the worker raises on purpose: a stable code, whose fault it is, and what to change."""

from __future__ import annotations

from typing import ClassVar


class WorkerError(Exception):
    """Root of the tree; `str(error)` is the message for the caller and holds none of the caller's text."""

    code: ClassVar[str]
    retryable: ClassVar[bool]
    field: str | None

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class RequestError(WorkerError):
    """The caller's to mend: the same request would fail again."""

    code = "invalid_request"
    retryable = False


class InvalidRequest(RequestError):
    """A field is missing, unknown, of the wrong type or out of range."""


class EmptyText(RequestError):
    """Nothing in the text can be spoken."""

    code = "empty_text"


class TextTooLong(RequestError):
    """The text is over the limit of its job type."""

    code = "text_too_long"


class UnknownVoice(RequestError):
    """No voice or profile has that name."""

    code = "unknown_voice"


class UnsupportedVoice(RequestError):
    """The engine has no realisation of the voice."""

    code = "unsupported_voice"


class UnknownEngine(RequestError):
    """The engine does not exist or is not loaded here."""

    code = "unknown_engine"


class UnsupportedLanguage(RequestError):
    """The engine does not speak that language."""

    code = "unsupported_language"


class UnreadableText(RequestError):
    """The engine has nothing to say for a text, though it speaks the language: it does not read that script."""

    code = "unreadable_text"


class UnsupportedParameter(RequestError):
    """A strict request asks for what the engine does not honour."""

    code = "unsupported_parameter"


class AudioTooLong(RequestError):
    """The audio would be longer than this worker makes in one job."""

    code = "audio_too_long"


class PayloadTooLarge(RequestError):
    """The finished audio is over the platform's limit and no other delivery is open."""

    code = "payload_too_large"


class DeliveryUnavailable(RequestError):
    """The delivery asked for is not set up on this worker."""

    code = "delivery_unavailable"


class InvalidS3Config(RequestError):
    """The bucket that a job brings along is described wrongly, or lies where this worker does not upload to."""

    code = "invalid_s3_config"


class UrlNotAllowed(RequestError):
    """The URL, or one it redirects to, is not one this worker reads."""

    code = "url_not_allowed"


class UrlUnusable(RequestError):
    """The URL's server answers, but with nothing that can be used, and would do so again."""

    code = "url_unusable"


class FetchTooLarge(RequestError):
    """What the URL or the base64 holds is over the limit."""

    code = "fetch_too_large"


class InvalidAudio(RequestError):
    """The bytes are no audio file this worker reads, or a damaged or empty one."""

    code = "invalid_audio"


class InvalidReference(RequestError):
    """The recording is audio, but nobody can be cloned from it: too short, silent, not speech-like."""

    code = "invalid_reference"


class InvalidDocument(RequestError):
    """The document is of no kind that is read, damaged, locked, or built to exhaust its reader."""

    code = "invalid_document"


class InvalidVoiceFile(RequestError):
    """The voice embedding that a caller sends is damaged, or no voice file at all."""

    code = "invalid_voice_file"


class IncompatibleEmbedding(RequestError):
    """The voice embedding was made by another engine, or other weights, than any that could use it here."""

    code = "incompatible_embedding"


class UntrustedEmbedding(RequestError):
    """The voice embedding is not signed, was changed, or was signed with a key that this worker does not have."""

    code = "untrusted_voice"


class ConsentRequired(RequestError):
    """This worker speaks only in voices of people who agreed, and nothing says so of this one."""

    code = "consent_required"


class UnsupportedJob(RequestError):
    """The engine asked for, or every engine of this worker, lacks what the job needs: cloning, conversion."""

    code = "unsupported_job"


class VoiceExists(RequestError):
    """The name for a new voice is taken."""

    code = "voice_exists"


class SavingUnavailable(RequestError):
    """This worker has no folder for new voices."""

    code = "saving_unavailable"


class DeletionNotAllowed(RequestError):
    """This worker deletes no voices."""

    code = "deletion_not_allowed"


class WorkerFault(WorkerError):
    """The worker's own: the same request may succeed on another try."""

    code = "internal_error"
    retryable = True


class EngineUnavailable(WorkerFault):
    """An engine cannot be loaded: its library, data or weights are missing or broken."""

    code = "engine_unavailable"


class EngineFailed(WorkerFault):
    """An engine gave up on an utterance."""

    code = "engine_failed"


class EnginePoisoned(EngineFailed):
    """The engine will not work again in this process, as after an error inside a CUDA kernel."""

    code = "engine_poisoned"


class OutOfMemory(EngineFailed):
    """The device has no memory for the utterance, even by itself."""

    code = "out_of_memory"


class FetchFailed(WorkerFault):
    """The URL's server was not reached, broke off or was too slow."""

    code = "fetch_failed"


class DeliveryFailed(WorkerFault):
    """The finished audio could not be stored."""

    code = "delivery_failed"


class StorageFull(DeliveryFailed):
    """No space is left where the audio goes."""

    code = "storage_full"


class VoiceNotSaved(WorkerFault):
    """The place for new voices cannot be written to."""

    code = "voice_not_saved"


class VoiceNotDeleted(WorkerFault):
    """The place of saved voices does not let one go."""

    code = "voice_not_deleted"


class Cancelled(WorkerFault):
    """The job was cancelled by the caller or the platform."""

    code = "cancelled"


class InvalidSettings(WorkerFault):
    """The environment holds a setting the worker cannot use."""

    code = "invalid_settings"
    retryable = False


class S3AccessDenied(DeliveryFailed):
    """The store does not accept the access key, its secret, or what they are used for."""

    code = "s3_access_denied"
    retryable = False


class S3BucketMissing(DeliveryFailed):
    """The store has no such bucket."""

    code = "s3_bucket_missing"
    retryable = False


class S3ClockSkewed(DeliveryFailed):
    """The worker's clock and the store's are too far apart for a signature."""

    code = "s3_clock_skewed"
