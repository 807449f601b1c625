"""S3Gen alone: how long flow and vocoder take for many clips at once, and the watermark where its package is."""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from bench import speaker
from bench.gpu.inventory.s3gen import spoken
from bench.gpu.record import Cell, Row
from bench.gpu.setup import Setup
from bench.gpu.speech_weights import drawn
from worker.audio.clip import Samples
from worker.engines.chatterbox.arithmetic.precision import Precision, precision_of
from worker.engines.chatterbox.checkpoint import Weights
from worker.engines.chatterbox.conditioning.placed import Heard
from worker.engines.chatterbox.flow.flow import LOOK_AHEAD, Flow, Piece
from worker.engines.chatterbox.member import START_SPEECH, Member
from worker.engines.chatterbox.rendering.noise import Indexed
from worker.engines.chatterbox.rendering.renderer import Renderer
from worker.engines.chatterbox.tensors import Tensors
from worker.engines.chatterbox.vocoder.vocoder import Vocoder

HEADING = (
    *("member", "precision", "tokens", "clips", "noise ms a clip", "flow ms a call", "flow ms a s of audio"),
    *("vocoder ms a clip", "watermark ms a clip", "audio s a s", "at most MiB"),
)
PRECISIONS = ("balanced", "reference")
TOKENS, FIRST_TOKENS, SMALL_TOKENS = 250, 15, 6
"""Ten seconds; the first window of a live utterance, of which the last three tokens are only looked at."""
TOKENS_A_SECOND = 25
MOST_MARKED = 4
"""Clips of a call that the vocoder and the watermark are timed on: they take one after the other."""
MEBIBYTE = 2**20
GIVEN = {"tokens": "prompt_token", "mel": "prompt_feat", "x_vector": "embedding"}
"""Of a voice, by upstream's names."""
WATERMARK, ERRORS = "worker.engines.chatterbox.watermark.watermark", "worker.errors"

Mark = Callable[[Samples], Samples]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is rendered at once."""

    clips: int
    tokens: int
    """Of each."""
    whole: bool

    @property
    def audio_sec(self) -> float:
        """Of each."""
        return (self.tokens - (0 if self.whole else LOOK_AHEAD)) / TOKENS_A_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """S3Gen of one member in one precision, and a voice of ten seconds."""

    renderer: Renderer
    heard: Heard
    mark: Mark | None
    setup: Setup

    @classmethod
    def of(cls, weights: Weights, member: Member, precision: Precision, setup: Setup, mark: Mark | None) -> Studio:
        """Takes all of `weights`."""
        tensors = Tensors(weights, member.speech_file)
        flow = Flow(tensors.under("flow."), meanflow=member.meanflow, precision=precision)
        vocoder = Vocoder(tensors.under("mel2wav."), precision=precision)
        tensors.finish()
        length = speaker.SMALL_TOKENS if setup.small else speaker.TOKENS
        gen = speaker.conditionals(member, tokens=length)["gen"]
        heard = Heard(**{field: _placed(gen[name], setup) for field, name in GIVEN.items()})
        renderer = Renderer(flow, vocoder, member, setup.device)
        return cls(renderer=renderer, heard=heard, mark=mark, setup=setup)

    def pieces(self, call: Call) -> list[Piece]:
        """What is rendered in one call: each utterance has tokens and noise of its own."""
        chance = torch.Generator().manual_seed(call.clips)
        said = torch.randint(0, START_SPEECH, (call.clips, call.tokens), generator=chance).tolist()
        return [
            self.renderer.piece(each, self.heard, Indexed(seed, self.setup.device), ended=call.whole)
            for seed, each in enumerate(said)
        ]


def rows(setup: Setup) -> Iterator[Row | str]:
    """For crowds of every size; the voice has ten seconds, which the flow goes through each time."""
    mark, lacking = _mark()
    yield f"one of the members without guidance stands for all of them: their S3Gen is of one size{lacking}"
    for precision in PRECISIONS:
        for member in _different(setup):
            weights = drawn(spoken(member), setup.device)
            studio = Studio.of(weights, member, precision_of(precision, setup.device), setup, mark)
            del weights
            first, tokens = (SMALL_TOKENS, SMALL_TOKENS) if setup.small else (FIRST_TOKENS, TOKENS)
            yield _row(studio, member, precision, Call(clips=1, tokens=first, whole=False))
            for clips in setup.crowds:
                try:
                    yield _row(studio, member, precision, Call(clips=clips, tokens=tokens, whole=True))
                except torch.OutOfMemoryError:
                    yield f"{member.name}, {precision}: the device has no memory for {clips} clips in one call"
                    break


def _placed(tensor: Tensor | None, setup: Setup) -> Tensor:
    """Without its batch of one, on the device."""
    if tensor is None:
        raise ValueError("a voice has tokens, mel and speaker embedding")
    return tensor[0].to(setup.device)


def _mark() -> tuple[Mark | None, str]:
    """What marks, or what is lacking for it."""
    try:
        watermark = importlib.import_module(WATERMARK).Watermark()
    except (ImportError, importlib.import_module(ERRORS).WorkerError) as error:
        return None, f"; the watermark is not measured here: {error}"
    mark: Mark = watermark.mark
    return mark, ""


def _different(setup: Setup) -> Sequence[Member]:
    """One with and one without guidance."""
    found = {member.meanflow: member for member in reversed(setup.members)}
    chosen = [member for member in setup.members if member in found.values()]
    return [replace(member, blocks=1) for member in chosen] if setup.small else chosen


def _row(studio: Studio, member: Member, precision: str, call: Call) -> Row:
    setup = studio.setup
    _forget(setup)
    pieces = studio.pieces(call)
    noise_ms = _ms(setup, lambda: studio.pieces(replace(call, clips=1)))
    flow_ms = _ms(setup, lambda: studio.renderer.mels(pieces))
    mels = studio.renderer.mels(pieces)[:MOST_MARKED]
    noise = Indexed(0, setup.device)
    samples = studio.renderer.waveform(mels[0], noise)
    vocoder_ms = _ms(setup, lambda: [studio.renderer.waveform(mel, noise) for mel in mels]) / len(mels)
    mark = studio.mark
    return {
        "member": member.name,
        "precision": precision,
        "tokens": call.tokens,
        "clips": call.clips,
        "noise ms a clip": noise_ms,
        "flow ms a call": flow_ms,
        "flow ms a s of audio": flow_ms / call.clips / call.audio_sec,
        "vocoder ms a clip": vocoder_ms,
        "watermark ms a clip": None if mark is None else _ms(setup, lambda: mark(samples)),
        "audio s a s": 1e3 * call.audio_sec / (noise_ms + flow_ms / call.clips + vocoder_ms),
        "at most MiB": _most(setup),
    }


def _ms(setup: Setup, work: Callable[[], object]) -> float:
    """The median of some runs, after one that is not counted."""
    taken = []
    for _ in range(1 + setup.rounds):
        setup.wait()
        began = time.perf_counter()
        work()
        setup.wait()
        taken.append(time.perf_counter() - began)
    return 1e3 * statistics.median(taken[1:])


def _forget(setup: Setup) -> None:
    if setup.device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(setup.device)


def _most(setup: Setup) -> Cell:
    if setup.device.type != "cuda":
        return None
    return torch.cuda.max_memory_allocated(setup.device) / MEBIBYTE
