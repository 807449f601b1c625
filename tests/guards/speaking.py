"""Real speech for the tests of the guards: espeak says the texts, with voices, speeds and lengths drawn by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.guards.texts import ODDITIES, SENTENCES
from voice_library.voice import Voice
from worker.audio.clip import Clip, concatenate
from worker.engines.base import Engine, Utterance, Verdict
from worker.text.normalise import normalise

VARIANTS = ("m1", "m3", "m7", "f1", "f2", "f4", "klatt", "klatt4", "whisper", "croak", "Annie", "Storm", "max", "boris")
SPEEDS = (0.5, 0.75, 1.0, 1.0, 1.0, 1.25, 1.6, 2.2)
LONGEST_CHARS = 280


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """An utterance and what was made of it."""

    utterance: Utterance
    clip: Clip
    verdict: Verdict


def voice(variant: str = "m1") -> Voice:
    return Voice(
        id="someone",
        names=("Someone",),
        language="mul",
        gender="neutral",
        engines={"espeak": {"voice": "en-us", "variant": variant}},
    )


def saying(text: str, language: str, *, variant: str = "m1", speed: float = 1.0, seed: int = 1) -> Utterance:
    return Utterance(
        index=0,
        text=text,
        start=0,
        end=len(text),
        engine="espeak",
        voice=voice(variant),
        language=language,
        speed=speed,
        seed=seed,
    )


def rendered(engine: Engine, utterance: Utterance) -> Rendering:
    take = engine.submit(utterance)
    clip = concatenate(take, engine.sample_rate)
    return Rendering(utterance=utterance, clip=clip, verdict=take.verdict)


def oddities() -> Iterator[Utterance]:
    """Each odd text, as the worker would say it."""
    for language, texts in ODDITIES.items():
        for text in texts:
            yield saying(normalise(text, language), language)


def clean_utterances(count: int, *, seed: int) -> Iterator[Utterance]:
    """Utterances of every language, from one word to 280 characters, by many voices at many speeds; oddities too."""
    chance = random.Random(seed)
    languages = list(SENTENCES)
    for index in range(count):
        language = languages[index % len(languages)] if index % 2 else chance.choice(list(ODDITIES))
        odd = ODDITIES.get(language)
        text = chance.choice(odd) if odd and chance.random() < 0.3 else prose(chance, language)
        spoken = saying(normalise(text, language), language, variant=chance.choice(VARIANTS), seed=index)
        yield replace(spoken, index=index, speed=chance.choice(SPEEDS))


def prose(chance: random.Random, language: str, *, shortest: int = 1, longest: int = LONGEST_CHARS) -> str:
    """Sentences in any order up to a length that is drawn, cut after a word."""
    length = chance.randint(shortest, longest)
    sentences: list[str] = []
    while sum(map(len, sentences)) < length:
        sentences.extend(chance.sample(SENTENCES[language], len(SENTENCES[language])))
    text = " ".join(sentences)
    end = text.rfind(" ", 0, length + 1)
    return text[: end if end > 0 else length]
