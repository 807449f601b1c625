"""Speakers whose pitch is known, and ways to send them and to hear who speaks in a reply."""

from __future__ import annotations

import base64
import io

import numpy as np
import soundfile

from tests.audio.files import file_of
from voice_library.voice import Embedding, Reference
from worker.audio.clip import Clip
from worker.audio.pitch import pitch_hz
from worker.engines.tone import ToneEngine
from worker.reply import ErrorReply, Reply, SpeechReply

MONOTONE = "lll lll lllll lllll"
"""A text that the tone engine speaks at the pitch of its speaker alone."""


class Counting(ToneEngine):
    """The tone engine, which notes whom it enrols."""

    def __init__(self) -> None:
        super().__init__()
        self.enrolled: list[Reference] = []

    def enroll(self, reference: Reference) -> Embedding:
        self.enrolled.append(reference)
        return super().enroll(reference)


def sung(hertz: float, duration_sec: float = 4.0, sample_rate: int = 24_000, *, level: float = 0.3) -> Clip:
    """A voice of eight harmonics that sings three notes a second, with a breath of noise."""
    time_sec = np.arange(round(duration_sec * sample_rate)) / sample_rate
    harmonics = [number for number in range(1, 9) if number * hertz < sample_rate / 2]
    wave = sum(np.sin(2 * np.pi * hertz * number * time_sec + number) / number for number in harmonics)
    notes = 0.55 + 0.45 * np.sin(2 * np.pi * 3 * time_sec)
    breath = np.random.default_rng(3).standard_normal(len(time_sec)) * 0.002
    samples = level * (wave / np.abs(wave).max() * notes + breath)
    return Clip(samples=samples.astype(np.float32), sample_rate=sample_rate)


def with_silence(clip: Clip, before_sec: float, after_sec: float) -> Clip:
    before, after = (round(sec * clip.sample_rate) for sec in (before_sec, after_sec))
    return Clip(samples=np.pad(clip.samples, (before, after)), sample_rate=clip.sample_rate)


def file(clip: Clip, container: str = "WAV", codec: str = "PCM_16", *, channels: int = 1) -> bytes:
    samples = clip.samples if channels == 1 else np.repeat(clip.samples[:, None], channels, axis=1)
    return file_of(samples, clip.sample_rate, container, codec)


def base64_of(data: bytes | Clip) -> str:
    return base64.b64encode(file(data) if isinstance(data, Clip) else data).decode("ascii")


def speech(reply: Reply) -> SpeechReply:
    assert isinstance(reply, SpeechReply), reply
    return reply


def refusal(reply: Reply) -> ErrorReply:
    assert isinstance(reply, ErrorReply), reply
    return reply


def audio(reply: Reply) -> Clip:
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(speech(reply).audio_base64 or "")), dtype="float32")
    return Clip(samples=samples, sample_rate=rate)


def pitch(reply: Reply) -> float:
    """Hertz of the fundamental, as it is for half of the reply."""
    return float(np.nanmedian(pitch_hz(audio(reply))))
