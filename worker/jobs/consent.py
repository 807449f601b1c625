"""Consent: whether those whose voices are heard agreed to it, as far as somebody says so."""

from __future__ import annotations

from dataclasses import replace

from voice_library.voice import Voice
from worker.errors import ConsentRequired, UnsupportedParameter
from worker.request import CloningRequest, ConversionRequest
from worker.settings import Settings


def may_be_heard(voice: Voice, settings: Settings) -> bool:
    """Whether the voice has consent on record, or this worker does not ask for any."""
    return not settings.require_consent or bool(voice.consent.strip())


def check_consent(voice: Voice, settings: Settings, *, field: str = "voice") -> None:
    """Makes sure that a voice of the library may be heard; one that came with a job has its consent by now.

    Raises:
        ConsentRequired: this worker asks for consent, and the library has none on record.

    """
    if not may_be_heard(voice, settings):
        raise ConsentRequired(
            f"this worker speaks only with consent, and for the voice {voice.id!r} none is on record: choose another "
            f"voice, or record it with `python -m builder.voices tag {voice.id} --consent '…'`",
            field=field,
        )


def check_agreed(consent: str | None, settings: Settings) -> None:
    """Makes sure that a speaker who came with a job may be heard, `consent` being all that is known of it.

    Raises:
        ConsentRequired: this worker asks for consent, and there is none.

    """
    if settings.require_consent and not (consent or "").strip():
        raise ConsentRequired(
            "this worker speaks only with consent: say in 'consent' who agreed to the use of this voice, when, and "
            "where that is written, or send a 'voice_embedding' that was signed here and holds it",
            field="consent",
        )


def claimed(voice: Voice, request: CloningRequest | ConversionRequest) -> Voice:
    """The voice with what the request says of its speaker, where nothing better is known."""
    return replace(
        voice, consent=voice.consent or request.consent or "", licence=voice.licence or request.licence or ""
    )


def overruled(request: CloningRequest | ConversionRequest, voice: Voice) -> tuple[str, ...]:
    """Warnings that say what of the request's claims is not what the voice has on record.

    Raises:
        UnsupportedParameter: there is something of the kind, and the request is strict.

    """
    claims = {"consent": (request.consent, voice.consent), "licence": (request.licence, voice.licence)}
    names = [name for name, (given, known) in claims.items() if given and given != known]
    if names and request.strict:
        raise UnsupportedParameter(f"the voice comes with what is known of it: leave out {names[0]!r}", field=names[0])
    return tuple(f"the voice comes with what is known of it: {name!r} was left out" for name in names)
