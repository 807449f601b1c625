"""Real speech, and every way in which an engine hands it over badly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from voice_library.voice import Voice
from worker.audio.clip import Clip, concatenate
from worker.engines.base import Engine, Utterance

TEXTS = (
    "No.",
    "In the beginning there was a little house by the river, where an old man lived with his cat.",
    "Hi!",
    "The quick brown fox jumps over the lazy dog.",
    "Chapter one",
    "If it rains tomorrow, we shall stay at home and read; otherwise we leave at six.",
    "Why?",
    "Half of it has a fifth fluff.",
    "Go!",
    "Thirty-three thieves thought that they thrilled the throne throughout Thursday.",
)
"""Single words among sentences; sharp, soft and voiced beginnings and ends."""

Fault = Callable[[Clip, np.random.Generator], Clip]


def spoken(engine: Engine, voice: Voice, text: str) -> Clip:
    """What an engine makes of a text."""
    utterance = Utterance(
        index=0, text=text, start=0, end=len(text), engine=engine.name, voice=voice, language=voice.language
    )
    return concatenate(engine.submit(utterance), engine.sample_rate)


def as_it_is(clip: Clip, random: np.random.Generator) -> Clip:
    return clip


def cut_off(clip: Clip, random: np.random.Generator) -> Clip:
    """Ends in the loudest 20 ms of its last two thirds, as where an engine reached its longest audio."""
    block = clip.sample_rate // 50
    loudest = _loudest(clip, len(clip.samples) // block // 3, None)
    return replace(clip, samples=clip.samples[: max(block, loudest * block + int(random.integers(block)))])


def cut_at_both_ends(clip: Clip, random: np.random.Generator) -> Clip:
    block = clip.sample_rate // 50
    loudest = _loudest(clip, 0, max(1, len(clip.samples) // block // 2))
    return cut_off(replace(clip, samples=clip.samples[loudest * block + int(random.integers(block)) :]), random)


def off_centre(clip: Clip, random: np.random.Generator) -> Clip:
    return replace(clip, samples=clip.samples + np.float32(0.03))


def hissing(clip: Clip, random: np.random.Generator) -> Clip:
    """With noise 50 dB under its peak, which stops dead where the clip does."""
    level = float(np.abs(clip.samples).max()) * 10 ** (-50 / 20)
    hiss = random.standard_normal(len(clip.samples)) * level
    return replace(clip, samples=clip.samples + hiss.astype(np.float32))


def wavering(clip: Clip, random: np.random.Generator) -> Clip:
    """Up to 4 dB louder or softer than it was to be."""
    return replace(clip, samples=clip.samples * np.float32(10 ** (random.uniform(-4, 4) / 20)))


FAULTS: Mapping[str, Fault] = {
    "none": as_it_is,
    "cut off": cut_off,
    "cut at both ends": cut_at_both_ends,
    "off centre": off_centre,
    "hissing": hissing,
    "wavering": wavering,
}


def _loudest(clip: Clip, first: int, last: int | None) -> int:
    """Which 20 ms are the loudest of those from `first` to `last`."""
    block = clip.sample_rate // 50
    blocks = clip.samples[: len(clip.samples) // block * block].reshape(-1, block)
    return first + int(np.argmax(np.mean(blocks[first:last] ** 2, axis=1)))
