"""Sample voices: speakers whom nobody recorded, for a formula speaks."""

from __future__ import annotations

from dataclasses import dataclass

from builder.voices.sentences import PARAGRAPHS
from voice_library.voice import Gender, Reference, Voice
from worker.audio.clip import Clip, concatenate
from worker.engines.base import Engine, Utterance, primary_subtag

LICENCE = "GPL-3.0-or-later (voice data of espeak-ng)"
CONSENT = "not needed: a formula speaks, no speaker was recorded"
SOURCE = "espeak-ng 1.52"
TAG = "sample"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A speaker of the embedded engine."""

    id: str
    name: str
    language: str
    gender: Gender
    speaker: str
    """Of espeak-ng, as its language."""
    variant: str
    pitch: int
    """0…99."""

    def __str__(self) -> str:
        return self.id


SAMPLES = (
    Sample(id="sample-grace", name="Grace", language="en-US", gender="female", speaker="en-us", variant="f2", pitch=52),
    Sample(id="sample-henry", name="Henry", language="en-US", gender="male", speaker="en-us", variant="m3", pitch=42),
    Sample(id="sample-chloe", name="Chloé", language="fr-FR", gender="female", speaker="fr", variant="f3", pitch=58),
    Sample(id="sample-mateo", name="Mateo", language="es-ES", gender="male", speaker="es", variant="m1", pitch=50),
    Sample(id="sample-lena", name="Lena", language="de-DE", gender="female", speaker="de", variant="f5", pitch=44),
    Sample(id="sample-emile", name="Émile", language="fr-CA", gender="male", speaker="fr", variant="m7", pitch=46),
    Sample(id="sample-jozef", name="Jozèf", language="ht", gender="male", speaker="ht", variant="m3", pitch=50),
    Sample(id="sample-nadege", name="Nadège", language="ht", gender="female", speaker="ht", variant="f2", pitch=56),
)


def spoken(sample: Sample, engine: Engine) -> Voice:
    """The voice whose recording is a paragraph of its language, at the engine's rate; the same each time."""
    text = PARAGRAPHS[primary_subtag(sample.language)]
    utterance = Utterance(
        index=0, text=text, start=0, end=len(text), engine=engine.name, voice=_speaker(sample), language=sample.language
    )
    clip = concatenate(engine.submit(utterance), engine.sample_rate)
    return Voice(
        id=sample.id,
        names=(sample.name,),
        language=sample.language,
        gender=sample.gender,
        reference=_reference(clip),
        licence=LICENCE,
        consent=CONSENT,
        source=SOURCE,
        tags=(TAG,),
    )


def _speaker(sample: Sample) -> Voice:
    settings: dict[str, str | int | float] = {"voice": sample.speaker, "variant": sample.variant, "pitch": sample.pitch}
    return Voice(
        id=sample.id,
        names=(sample.name,),
        language=sample.language,
        gender=sample.gender,
        engines={"espeak": settings},
    )


def _reference(clip: Clip) -> Reference:
    return Reference(samples=clip.samples, sample_rate=clip.sample_rate)
