"""Recordings of the embedded engine, and the faults that recordings have."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import numpy as np
import soundfile
from scipy.signal import butter, sosfiltfilt

from builder.voices.recording.activity import activity
from voice_library.voice import Voice
from worker.audio.clip import Clip, concatenate, silence
from worker.audio.decode import decode
from worker.audio.resample import resample
from worker.engines.base import Utterance
from worker.engines.espeak.engine import load
from worker.settings import Settings

TEXT = (
    "The north wind and the sun were disputing which was the stronger, when a traveller came along, wrapped in a warm "
    "cloak. They agreed that the one who first made him take his cloak off should be the winner. Then the north wind "
    "blew as hard as he could. But the more he blew, the more closely did the traveller fold his cloak around him."
)


@cache
def spoken(voice: str = "en-us", pitch: int = 50) -> Clip:
    """Some twenty seconds of speech with pauses between its sentences, peaks at half of full scale."""
    engine = load("espeak", Settings())
    speaker = Voice(
        id="test",
        names=("Test",),
        language="en-US",
        gender="neutral",
        engines={"espeak": {"voice": voice, "pitch": pitch}},
    )
    utterance = Utterance(index=0, text=TEXT, start=0, end=len(TEXT), engine="espeak", voice=speaker, language="en-US")
    clips = list(engine.submit(utterance))
    engine.close()
    room = silence(0.5, clips[0].sample_rate)
    said = concatenate([room, *clips, room], clips[0].sample_rate)
    # Espeak's own pauses are digital silence: noise of a quiet room lies under all of it.
    samples = 0.5 * said.samples / np.abs(said.samples).max()
    return noisy(Clip(samples=samples.astype(np.float32), sample_rate=said.sample_rate), snr_db=45, seed=0)


def joined(*clips: Clip) -> Clip:
    """The clips end to end, with two seconds of a quiet room between them."""
    rate = clips[0].sample_rate
    gap = noise_of(silence(2.0, rate), -70.0)
    return concatenate([part for clip in clips for part in (clip, gap)][:-1], rate)


def noise_of(clip: Clip, level_dbfs: float, seed: int = 0) -> Clip:
    """The clip with white noise of that level."""
    noise = np.random.default_rng(seed).standard_normal(len(clip.samples)) * 10 ** (level_dbfs / 20)
    return replace(clip, samples=(clip.samples + noise).astype(np.float32), words=())


def noisy(clip: Clip, snr_db: float, seed: int = 1) -> Clip:
    """The clip with white noise that far below its speech."""
    return noise_of(clip, activity(clip).speech_dbfs - snr_db, seed)


def louder(clip: Clip, gain_db: float) -> Clip:
    """The clip amplified and, where it comes over full scale, clipped."""
    return replace(clip, samples=np.clip(clip.samples * 10 ** (gain_db / 20), -1, 1).astype(np.float32), words=())


def telephoned(clip: Clip, sample_rate: int = 48_000) -> Clip:
    """The clip in the band of a telephone, 300 to 3400 Hz, at a sample rate that promises more."""
    band = butter(8, (300, 3400), "bandpass", fs=clip.sample_rate, output="sos")
    narrow = sosfiltfilt(band, clip.samples).astype(np.float32)
    return resample(resample(Clip(samples=narrow, sample_rate=clip.sample_rate), 8000), sample_rate)


def humming(clip: Clip, mains_hz: int, level_dbfs: float) -> Clip:
    """The clip with a hum of the mains and its octave."""
    time_sec = np.arange(len(clip.samples)) / clip.sample_rate
    wave = 0.8 * np.sin(2 * np.pi * mains_hz * time_sec) + 0.6 * np.sin(4 * np.pi * mains_hz * time_sec)
    return replace(
        clip, samples=(clip.samples + np.sqrt(2) * 10 ** (level_dbfs / 20) * wave).astype(np.float32), words=()
    )


def as_mp3(clip: Clip) -> Clip:
    """The clip out of an MP3 file of the format's usual bit rate."""
    file = io.BytesIO()
    soundfile.write(file, clip.samples, clip.sample_rate, format="MP3")
    return decode(file.getvalue())
