"""What goes wrong with speech, put on purpose into what a real engine says."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from tests.guards.speaking import SENTENCES, Rendering, saying
from worker.audio.clip import Clip, Samples, concatenate
from worker.audio.trim import trim
from worker.engines.base import Submit, Take, Utterance

Fault = Callable[[Rendering, random.Random], Rendering]

MANY_SENTENCES = tuple(language for language, sentences in SENTENCES.items() if len(sentences) > 1)
SPEECH_LEVEL = 0.1
"""Root mean square that noise is measured against."""


def defective_texts(count: int, *, seed: int) -> Iterator[Utterance]:
    """Utterances of two to four sentences, none of them twice, for faults to be put in."""
    chance = random.Random(seed)
    for index in range(count):
        language = MANY_SENTENCES[index % len(MANY_SENTENCES)]
        sentences = SENTENCES[language]
        text = " ".join(chance.sample(sentences, chance.randint(2, len(sentences))))[:280]
        variant = chance.choice(("m1", "m3", "f2", "f4", "klatt4", "whisper", "Annie"))
        yield saying(text, language, variant=variant, speed=chance.choice((0.75, 1.0, 1.0, 1.25)), seed=index)


def cut_in_the_middle(spoken: Rendering, chance: random.Random) -> Rendering:
    samples = trim(spoken.clip).samples
    return _with(spoken, samples[: int(len(samples) * chance.uniform(0.2, 0.5))])


def phrase_twice(spoken: Rendering, chance: random.Random) -> Rendering:
    samples, rate = trim(spoken.clip).samples, spoken.clip.sample_rate
    length = int(chance.uniform(1.8, 3.0) / min(spoken.utterance.speed, 1.0) * rate)
    start = chance.randrange(max(1, len(samples) - length))
    end = min(len(samples), start + length)
    return _with(spoken, samples[:end], samples[start:end], samples[end:])


def looped_syllable(spoken: Rendering, chance: random.Random) -> Rendering:
    samples, rate = trim(spoken.clip).samples, spoken.clip.sample_rate
    syllable = samples[-int(chance.uniform(0.15, 0.35) * rate) :]
    times = int(chance.uniform(2.0, 4.0) * rate / len(syllable) / min(spoken.utterance.speed, 1.0))
    return _with(spoken, samples, *[syllable] * times)


def noise_tail(spoken: Rendering, chance: random.Random) -> Rendering:
    rate = spoken.clip.sample_rate
    level = SPEECH_LEVEL * chance.uniform(0.1, 1.0)
    noise = np.random.default_rng(chance.randrange(2**32)).standard_normal(3 * rate) * level
    return _with(spoken, spoken.clip.samples, noise.astype(np.float32))


def hum_tail(spoken: Rendering, chance: random.Random) -> Rendering:
    rate, hertz = spoken.clip.sample_rate, chance.choice((50, 60, 100, 120, 440))
    hum = np.sin(2 * np.pi * hertz * np.arange(3 * rate) / rate) * SPEECH_LEVEL * chance.uniform(0.3, 1.0)
    return _with(spoken, spoken.clip.samples, hum.astype(np.float32))


def long_inner_silence(spoken: Rendering, chance: random.Random) -> Rendering:
    samples, rate = trim(spoken.clip).samples, spoken.clip.sample_rate
    middle = int(len(samples) * chance.uniform(0.2, 0.8))
    return _with(spoken, samples[:middle], np.zeros(4 * rate, np.float32), samples[middle:])


def not_a_number(spoken: Rendering, chance: random.Random) -> Rendering:
    samples = spoken.clip.samples.copy()
    samples[chance.randrange(len(samples))] = chance.choice((np.nan, np.inf, -np.inf))
    return _with(spoken, samples)


def clipping(spoken: Rendering, chance: random.Random) -> Rendering:
    gain = chance.uniform(4, 10) / float(np.abs(spoken.clip.samples).max())
    return _with(spoken, np.clip(spoken.clip.samples * np.float32(gain), -1, 1))


def limit_reached(spoken: Rendering, chance: random.Random) -> Rendering:
    return replace(spoken, verdict=replace(spoken.verdict, end="token_limit"))


def nothing(spoken: Rendering, chance: random.Random) -> Rendering:
    return _with(spoken, spoken.clip.samples[: chance.randrange(5)])


def near_silence(spoken: Rendering, chance: random.Random) -> Rendering:
    return _with(spoken, spoken.clip.samples * np.float32(1e-4))


def offset(spoken: Rendering, chance: random.Random) -> Rendering:
    return _with(spoken, spoken.clip.samples * np.float32(0.5) + np.float32(chance.uniform(0.12, 0.3)))


def level_drop(spoken: Rendering, chance: random.Random) -> Rendering:
    samples = spoken.clip.samples.copy()
    samples[len(samples) // 2 :] *= np.float32(chance.uniform(0.03, 0.06))
    return _with(spoken, samples)


def babble_after(spoken: Rendering, chance: random.Random) -> Rendering:
    """Something that is no language said after it: three times its own length of speech, backwards and faster."""
    samples = trim(spoken.clip).samples
    return _with(spoken, samples, samples[::-1], samples[::2], samples[::-2], samples[::-1])


FAULTS: Mapping[str, tuple[Fault, str]] = {
    fault.__name__: (fault, check)
    for fault, check in (
        (cut_in_the_middle, "too_short"),
        (babble_after, "too_long"),
        (phrase_twice, "repeated_sound"),
        (looped_syllable, "repeated_sound"),
        (noise_tail, "steady_noise"),
        (hum_tail, "steady_noise"),
        (long_inner_silence, "inner_silence"),
        (not_a_number, "non_finite"),
        (clipping, "clipped"),
        (limit_reached, "token_limit"),
        (nothing, "silent"),
        (near_silence, "silent"),
        (offset, "offset"),
        (level_drop, "level_jump"),
    )
}
"""Each fault and the check that is there for it."""


@dataclass
class FaultyEngine:
    """Hands on what `submit` renders, with a fault in the first `times` renderings of each utterance."""

    submit_whole: Submit
    fault: Fault
    times: int
    heard: list[int] = field(default_factory=list)
    """Seeds, in the order submitted."""

    def submit(self, utterance: Utterance) -> Take:
        self.heard.append(utterance.seed)
        take = self.submit_whole(utterance)
        return _FaultyTake(take, utterance, self.fault) if len(self.heard) <= self.times else take


class _FaultyTake:
    def __init__(self, take: Take, utterance: Utterance, fault: Fault) -> None:
        self._take = take
        self._utterance = utterance
        self._fault = fault
        self.verdict = take.verdict

    def __iter__(self) -> Iterator[Clip]:
        clips = list(self._take)
        spoken = Rendering(
            utterance=self._utterance, clip=concatenate(clips, clips[0].sample_rate), verdict=self._take.verdict
        )
        spoiled = self._fault(spoken, random.Random(self._utterance.seed))
        self.verdict = spoiled.verdict
        yield spoiled.clip

    def cancel(self) -> None:
        self._take.cancel()


def _with(spoken: Rendering, *parts: Samples) -> Rendering:
    return replace(spoken, clip=Clip(samples=np.concatenate(parts), sample_rate=spoken.clip.sample_rate))
