"""The clips of many utterances, in text order, with a window of takes under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
    """An utterance, heard to its end."""

    utterance: Utterance
    clip: Clip
    verdict: Verdict


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


def whole(pieces: Iterable[Piece]) -> Iterator[Spoken]:
    """Each utterance as one clip, held back until its verdict.

    Raises:
        EngineFailed: an utterance ended without audio, or with silence alone.

    """
    held: list[Clip] = []
    for piece in pieces:
        if piece.clip is not None:
            held.append(piece.clip)
        if piece.verdict is not None:
            if not held:
                raise EngineFailed(f"the engine {piece.verdict.engine!r} made no audio for an utterance")
            clip = concatenate(held, held[0].sample_rate)
            if not clip.samples.any():
                raise EngineFailed(f"the engine {piece.verdict.engine!r} made nothing but silence for an utterance")
            yield Spoken(utterance=piece.utterance, clip=clip, verdict=piece.verdict)
            held = []
