"""The portrait of a voice or profile: what a caller is told of it, none of which is read from its file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from voice_library.voice import Profile, Voice
from worker.engines.base import BlendingEngine, CloningEngine, ConvertingEngine, Engine
from worker.jobs.context import Worker
from worker.reply import CapabilityReply, EffectsReply, VoiceDetailsReply, VoiceReply

By = Literal["settings", "embedding", "reference"]


def portrait(entry: Voice | Profile, voice: Voice, worker: Worker, *, details: bool) -> VoiceReply:
    """What is known of `entry`, for which `voice` speaks."""
    able = [engine for engine in worker.engines if engine.can_speak(voice)]
    return VoiceReply(
        id=entry.id,
        kind="voice" if isinstance(entry, Voice) else "profile",
        names=entry.names,
        language=voice.language,
        gender=voice.gender,
        tier=voice.tier,
        engines=tuple(engine.name for engine in able),
        aliases=entry.aliases if isinstance(entry, Voice) else (),
        description=entry.description or None if isinstance(entry, Profile) else None,
        tags=voice.tags,
        licence=voice.licence or None,
        has_consent=bool(voice.consent.strip()),
        version=voice.version,
        saved=isinstance(entry, Voice) and worker.shelf.is_saved(entry),
        duration_sec=round(voice.reference.duration_sec, 3) if voice.reference else None,
        uses=worker.usage.uses(entry.id),
        details=_details(entry, voice, able) if details else None,
    )


def realisation(voice: Voice, engine: Engine) -> By:
    """What of the voice an engine that can speak it goes by."""
    if isinstance(engine, CloningEngine):
        if engine.embedding_key in voice.embeddings:
            return "embedding"
        if voice.reference is not None:
            return "reference"
    return "settings"


def _details(entry: Voice | Profile, voice: Voice, able: list[Engine]) -> VoiceDetailsReply:
    built_on = entry if isinstance(entry, Profile) else None
    return VoiceDetailsReply(
        capabilities=tuple(
            CapabilityReply(
                engine=engine.name,
                by=realisation(voice, engine),
                conversion=isinstance(engine, ConvertingEngine),
                blending=isinstance(engine, BlendingEngine),
            )
            for engine in able
        ),
        options=dict(entry.options),
        lexicon_words=len(voice.lexicon),
        voice=built_on.voice if built_on else None,
        effects=EffectsReply(**asdict(built_on.effects)) if built_on else None,
    )
