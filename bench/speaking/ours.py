"""Our side: the worker's own engine on a checkpoint that never stops speaking, asked for many utterances at once."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

from bench import speaker
from bench.speaking.figures import Heard
from bench.speaking.words import TEXT
from voice_library.voice import Reference, Voice
from worker.engines.base import Take, Utterance
from worker.engines.chatterbox.arithmetic.precision import PrecisionName
from worker.engines.chatterbox.engine import Chatterbox
from worker.engines.chatterbox.member import Member
from worker.engines.chatterbox.memory import release_cached
from worker.engines.chatterbox.model import Model
from worker.settings import Settings
from worker.takes.in_order import in_order


class Ours:
    """One member, loaded, and its own voice made ready."""

    def __init__(self, engine: Chatterbox) -> None:
        self.engine = engine
        self.tokens = 1
        """Of each utterance; 25 are a second."""
        self._seeds = count()
        self._speakers = count()
        engine.warm(self.voice)

    @property
    def voice(self) -> Voice:
        """The one its checkpoint brings along."""
        return next(iter(self.engine.voices))

    def close(self) -> None:
        """Lets go of the engine, and of the memory it has."""
        self.engine.close()
        del self.engine

    def stranger(self) -> Voice:
        """Somebody who was never heard before: ten seconds of recording, to be enrolled."""
        number = next(self._speakers)
        reference = Reference(samples=speaker.recording(number), sample_rate=speaker.SAMPLE_RATE)
        name = f"stranger-{number}"
        return Voice(id=name, names=(name,), language="en", gender="neutral", reference=reference)

    def heard(self, voices: Sequence[Voice], tokens: int, *, live: bool = False) -> list[Heard]:
        """When each of as many utterances was heard, asked for at the same moment by as many jobs."""
        self.tokens = tokens
        utterances = [self.utterance(voice, live=live) for voice in voices]
        with ThreadPoolExecutor(len(utterances)) as listeners:
            began = time.perf_counter()
            takes = [self.engine.submit(utterance) for utterance in utterances]
            return list(listeners.map(partial(_listened, began), takes))

    def read(self, utterances: int, tokens: int) -> Heard:
        """When a job of so many utterances was heard that has as many under way as a job has."""
        self.tokens = tokens
        pages = (self.utterance(self.voice, job="long text") for _ in range(utterances))
        began = time.perf_counter()
        pieces = in_order(pages, self.engine.submit, ahead=self.engine.capabilities.ahead)
        moments = [time.perf_counter() - began for piece in pieces if piece.clip is not None]
        return Heard(first_sec=moments[0], last_sec=moments[-1])

    def utterance(self, voice: Voice, *, live: bool = False, job: str = "") -> Utterance:
        """The text once more, with another seed."""
        seed = next(self._seeds)
        return Utterance(
            index=0,
            text=TEXT,
            start=0,
            end=len(TEXT),
            engine=self.engine.name,
            voice=voice,
            language="en",
            seed=seed,
            job=job or f"job {seed}",
            live=live,
        )


@contextmanager
def ours(
    member: Member, folder: Path, *, precision: PrecisionName, utterances: int, device: str, watermark: bool = True
) -> Iterator[Ours]:
    """The member of the checkpoint in `folder`, with room for so many utterances side by side."""
    settings = Settings(
        models_dir=folder, batch_size=utterances, device=device, precision=precision, watermark=watermark
    )
    model = Model.load(member, settings)
    engine = Chatterbox(model, batch_size=utterances, limit=lambda _: side.tokens)
    side = Ours(engine)
    del model, engine
    try:
        yield side
    finally:
        side.close()
        gc.collect()
        release_cached()


def _listened(began: float, take: Take) -> Heard:
    moments = [time.perf_counter() - began for _ in take]
    return Heard(first_sec=moments[0], last_sec=moments[-1])
