"""The clips of many utterances, in text order, with a window of takes under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from worker.audio.clip import Clip, concatenate
from worker.engines.base import Submit, Take, Utterance, Verdict
from worker.errors import EngineFailed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """A stretch of an utterance's audio; its last piece holds the verdict and no clip."""

    utterance: Utterance
    clip: Clip | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spoken:
    """An utterance, heard to its end; or of one that is heard live, a stretch."""

    utterance: Utterance
    clip: Clip
    verdict: Verdict
    """Of a stretch before the last, nothing but who speaks."""
    begins: bool = True
    """False for a stretch that goes on from the one before it."""
    ends: bool = True
    """False for a stretch that another one follows."""


def in_order(utterances: Iterable[Utterance], submit: Submit, *, ahead: int) -> Iterator[Piece]:
    """Pieces in text order, with at most `ahead` takes under way, the one being read included.

    Closed early, or left by an error, it cancels every take it began.
    """
    waiting = iter(utterances)
    under_way: deque[tuple[Utterance, Take]] = deque()
    try:
        while True:
            for utterance in islice(waiting, ahead - len(under_way)):
                under_way.append((utterance, submit(utterance)))
            if not under_way:
                return
            utterance, take = under_way[0]
            for clip in take:
                yield Piece(utterance=utterance, clip=clip)
            yield Piece(utterance=utterance, verdict=take.verdict)
            under_way.popleft()
    finally:
        for _, take in under_way:
            take.cancel()


def whole(pieces: Iterable[Piece], *, tail_sec: float = 0.03) -> Iterator[Spoken]:
    """Each utterance as one clip, held back until its verdict; a live one in stretches, but for its last `tail_sec`.

    Raises:
        EngineFailed: an utterance ended without audio, or with silence alone.

    """
    held: list[Clip] = []
    begins, is_heard = True, False
    for piece in pieces:
        if piece.clip is not None:
            held.append(piece.clip)
            is_heard = is_heard or bool(piece.clip.samples.any())
        if piece.verdict is not None:
            if not held:
                raise EngineFailed(f"the engine {piece.verdict.engine!r} made no audio for an utterance")
            if not is_heard:
                raise EngineFailed(f"the engine {piece.verdict.engine!r} made nothing but silence for an utterance")
            clip = concatenate(held, held[0].sample_rate)
            yield Spoken(utterance=piece.utterance, clip=clip, verdict=piece.verdict, begins=begins)
            held, begins, is_heard = [], True, False
        elif piece.utterance.live:
            clip, tail = _parted(concatenate(held, held[0].sample_rate), tail_sec)
            held = [tail]
            if len(clip.samples):
                verdict = Verdict(seed=piece.utterance.seed, engine=piece.utterance.engine)
                yield Spoken(utterance=piece.utterance, clip=clip, verdict=verdict, begins=begins, ends=False)
                begins = False


def _parted(clip: Clip, tail_sec: float) -> tuple[Clip, Clip]:
    """All but the last `tail_sec`, and those."""
    frames = max(0, len(clip.samples) - round(tail_sec * clip.sample_rate))
    return replace(clip, samples=clip.samples[:frames]), replace(clip, samples=clip.samples[frames:], words=())
