"""A tone per character: an engine without weights or dependencies, for tests and for hearing the path itself."""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from voice_library.voice import Embedding, Reference, Voice, embedding_key
from worker.audio.clip import Clip, Word
from worker.audio.pitch import HIGHEST_HZ, HOP_SEC, LOWEST_HZ, pitch_hz
from worker.audio.reference import ReferenceLimits
from worker.audio.resample import resample
from worker.engines.base import Capabilities, LazyTake, Take, Utterance, Verdict
from worker.engines.shares import shares
from worker.errors import InvalidReference, UnsupportedVoice
from worker.settings import Settings

SAMPLE_RATE = 16_000
CHARACTER_SEC = 0.06
BASE_HZ = 220.0
SEMITONES = 36
"""Characters are spread over three octaves by code point."""
AMPLITUDE = 0.3
NOISE = 0.001
"""Full-scale noise that makes the seed audible to a test."""
GENDER_RATIO = {"female": 1.5, "male": 1.0, "neutral": 1.25}
F0 = "f0_hz"
"""The array of an embedding, float32 [1]: the fundamental frequency of a speaker."""
MOST_ENROLLED = 64
"""References whose embedding is kept, the last used; another is measured anew."""
CLIP_SEC = 1.0
"""Length of the clips of a conversion."""


def load(name: str, settings: Settings) -> ToneEngine:  # noqa: ARG001 - the shape every engine's `load` has
    """The engine; nothing has to be read."""
    return ToneEngine()


class ToneEngine:
    """Yields one clip per word, so that takes of several clips are exercised too; a speaker to it is a pitch."""

    name = "tone"
    device = "cpu"
    revision = "2"
    sample_rate = SAMPLE_RATE
    capabilities = Capabilities(languages=frozenset({"en", "fr", "es", "de", "ht"}), max_chars=1000, ahead=2)
    embedding_key = embedding_key("tone", "1")
    reference_limits = ReferenceLimits(min_sec=1.0, good_sec=3.0, heard_sec=10.0)
    max_source_sec = 20.0

    def __init__(self) -> None:
        self.voices = tuple(
            Voice(
                id=f"tone-{gender}",
                names=(f"Tone {gender}",),
                language="en",
                gender=gender,
                engines={"tone": {}},
                consent="not needed: a formula speaks, no speaker was recorded",
            )
            for gender in ("female", "male", "neutral")
        )
        self._lock = threading.Lock()
        self._enrolled: OrderedDict[bytes, float] = OrderedDict()
        """Fundamental frequencies by the digest of what was heard."""

    def can_speak(self, voice: Voice) -> bool:
        """Its own voices, those with an embedding of its own, and those with a reference."""
        return self.embedding_key in voice.embeddings or self.name in voice.engines or voice.reference is not None

    def enroll(self, reference: Reference) -> Embedding:
        """The median pitch of what is heard of the reference.

        Raises:
            InvalidReference: nothing in it has a pitch.

        """
        pitches = pitch_hz(self._heard(reference))
        if np.isnan(pitches).all():
            raise InvalidReference("nothing in the recording has a pitch", field="reference_audio")
        return _embedding(float(np.nanmedian(pitches)))

    def fits(self, embedding: Embedding) -> bool:
        """Whether it is one frequency that a voice may have."""
        if set(embedding) != {F0} or embedding[F0].shape != (1,) or embedding[F0].dtype != np.float32:
            return False
        return bool(LOWEST_HZ / 2 <= embedding[F0][0] <= HIGHEST_HZ * 2)

    def warm(self, voice: Voice) -> None:
        """Measures the pitch of the voice, unless it is known."""
        self._known_hz(voice)

    def blend(self, parts: Sequence[tuple[Voice, float]]) -> Embedding:
        """The weighted mean of the pitches as they are heard, which is the geometric one."""
        parted = shares([weight for _, weight in parts])
        pitches = [self._known_hz(voice) for voice, _ in parts]
        mean = math.exp(math.fsum(share * math.log(hertz) for share, hertz in zip(parted, pitches, strict=True)))
        return _embedding(min(max(mean, min(pitches)), max(pitches)))  # where all are alike, exactly theirs

    def remarks(self, text: str, language: str) -> tuple[str, ...]:  # noqa: ARG002 - each character has its tone
        """Nothing."""
        return ()

    def submit(self, utterance: Utterance) -> Take:
        """A take that is computed word by word as it is read."""
        verdict = Verdict(seed=utterance.seed, engine=self.name)
        return LazyTake(verdict, partial(self._words, utterance))

    def convert(self, source: Clip, voice: Voice, *, seed: int) -> Take:
        """A take of the source's rhythm and loudness at the pitch of the voice; what has no pitch becomes noise."""
        verdict = Verdict(seed=seed, engine=self.name)
        return LazyTake(verdict, partial(self._converted, source, voice, seed))

    def close(self) -> None:
        """Nothing is held."""

    def _words(self, utterance: Utterance, cancelled: threading.Event) -> Iterator[Clip]:
        noise = np.random.default_rng(utterance.seed)
        base_hz = self._base_hz(utterance.voice)
        frames = round(CHARACTER_SEC * SAMPLE_RATE)
        for word in utterance.text.split():
            if cancelled.is_set():
                return
            pitches = [base_hz * 2 ** (ord(character) % SEMITONES / 12) for character in word]
            phases = 2 * np.pi * np.cumsum(np.repeat(pitches, frames)) / SAMPLE_RATE
            samples = AMPLITUDE * np.sin(phases) + NOISE * noise.standard_normal(len(phases))
            yield Clip(
                samples=samples.astype(np.float32),
                sample_rate=SAMPLE_RATE,
                words=(Word(text=word, start_sec=0.0),),
            )

    def _converted(self, source: Clip, voice: Voice, seed: int, cancelled: threading.Event) -> Iterator[Clip]:
        base_hz, noise = self._base_hz(voice), np.random.default_rng(seed)
        source = resample(source, SAMPLE_RATE)
        loudness, voicing = _envelopes(source)
        step = round(CLIP_SEC * SAMPLE_RATE)
        for start in range(0, len(source.samples), step):
            if cancelled.is_set():
                return
            here = np.arange(start, min(start + step, len(source.samples)))
            tone = np.sqrt(2) * np.sin(2 * np.pi * base_hz * here / SAMPLE_RATE)
            hiss = noise.standard_normal(len(here))
            samples = loudness[here] * (voicing[here] * tone + (1 - voicing[here] + NOISE) * hiss)
            yield Clip(samples=np.clip(samples, -1, 1).astype(np.float32), sample_rate=SAMPLE_RATE)

    def _known_hz(self, voice: Voice) -> float:
        if not self.can_speak(voice):
            raise UnsupportedVoice(
                "tone has no recording of the voice: enrol one, or choose another voice or engine", field="voice"
            )
        return self._base_hz(voice)

    def _base_hz(self, voice: Voice) -> float:
        """The pitch of a speaker: as enrolled, else as heard in the reference, else by gender."""
        if (embedding := voice.embeddings.get(self.embedding_key)) is not None:
            return self._enrolled_hz(embedding)
        if voice.reference is None:
            return BASE_HZ * GENDER_RATIO[voice.gender]
        heard = self._heard(voice.reference)
        key = hashlib.blake2b(heard.samples.data, salt=heard.sample_rate.to_bytes(4)).digest()
        with self._lock:
            if key not in self._enrolled:
                self._enrolled[key] = float(self.enroll(voice.reference)[F0][0])
            self._enrolled.move_to_end(key)
            if len(self._enrolled) > MOST_ENROLLED:
                self._enrolled.popitem(last=False)
            return self._enrolled[key]

    def _enrolled_hz(self, embedding: Embedding) -> float:
        if not self.fits(embedding):
            raise UnsupportedVoice(
                "the voice's embedding for tone is unusable; enrol its recording again", field="voice"
            )
        return float(embedding[F0][0])

    def _heard(self, reference: Reference) -> Clip:
        frames = int(self.reference_limits.heard_sec * reference.sample_rate)
        return Clip(samples=reference.samples[:frames], sample_rate=reference.sample_rate)


def _embedding(hertz: float) -> Embedding:
    return Embedding({F0: np.array([hertz], dtype=np.float32)})


def _envelopes(source: Clip) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Effective loudness and degree of voicing at each sample, float64 [n]; the loudness is of 10 ms around it."""
    hop = round(HOP_SEC * source.sample_rate)
    power = np.convolve(np.square(source.samples, dtype=np.float64), np.ones(hop) / hop, mode="same")
    voiced = (~np.isnan(pitch_hz(source))).astype(np.float64)
    at = np.arange(len(source.samples))
    return np.sqrt(power), np.interp(at, hop * np.arange(len(voiced)), voiced)
