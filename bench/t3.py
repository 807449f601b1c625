"""T3, the model that makes speech tokens of text: ours beside upstream's own loop, on the same random weights.

Upstream speaks one utterance after the other, so that a token costs it the same however many there are. Ours speaks
them side by side: what a step takes is divided by how many tokens it makes. Beside both stands the floor: what this
machine needs at least to read the weights, the keys and the values of a step, or to do its sums, the longer of the two.

On a busy machine `--clock processor` leaves out what others had of it: with one thread that is what an idle one takes.

A figure is the lesser of two medians: ours is measured before and after upstream, upstream between any two of ours.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import statistics
import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import torch
from chatterbox.models.t3 import T3

from bench.curves import Curve, Curves
from bench.gpu.weights import read_in_a_step
from bench.speeds import NAMES, Clock, Speeds
from bench.table import RESULTS, save, table
from builder import upstream_modules as modules
from tests.engines.chatterbox.job import GUIDED, UNGUIDED, Job
from worker.engines.chatterbox import memory
from worker.engines.chatterbox.arithmetic.precision import Precision, PrecisionName, precision_of
from worker.engines.chatterbox.decoder.decoder import Decoder
from worker.engines.chatterbox.member import MEMBERS, STOP_SPEECH, Member

BATCHES = (1, 2, 4, 8, 16, 32, 64)
WORDS = 30
"""Ids of the text."""
UPSTREAM_TOKENS = 8
STEPS = 7
"""Of which the median counts."""
WARM_STEPS = 2
FAVOUR = 8.0
"""What the head's weights are multiplied by: logits spread as far as a trained model's, and none is ever a stop."""
CLOCKS: Mapping[str, Clock] = {"wall": time.perf_counter, "processor": time.process_time}
COLOURS = {"reference": "#06c", "balanced": "#2a2", "fast": "#a3c"}
HEADING = (
    *("member", "precision", "utterances", "upstream: ms a token", "ours: ms a token", "upstream : ours"),
    *("ours: tokens a s", "floor: ms a token", "floor : ours"),
)
PACKAGES = ("torch", "chatterbox-tts", "transformers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Milliseconds a token."""

    member: str
    precision: PrecisionName
    utterances: int
    upstream: float
    ours: float
    floor: float

    @property
    def row(self) -> tuple[object, ...]:
        """What the table shows."""
        cells = (self.upstream, self.ours, self.upstream / self.ours, 1e3 / self.ours, self.floor)
        return (self.member, self.precision, self.utterances, *cells, self.floor / self.ours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a member is measured with and held against."""

    speeds: Speeds
    clock: Clock
    upstream_ms: list[float] = field(default_factory=list)
    """What its tokens took upstream, whenever that was measured."""


def main(arguments: Sequence[str] | None = None, folder: Path = RESULTS) -> None:
    """Measures and prints the table."""
    given = _parsed(sys.argv[1:] if arguments is None else arguments)
    warnings.simplefilter("ignore")
    torch.set_num_threads(given.threads)
    clock = CLOCKS[given.clock]
    speeds = Speeds.measured(clock, small=given.small)
    found: list[Measured] = []
    for name in given.members:
        member = replace(MEMBERS[name], layers=1) if given.small else MEMBERS[name]
        found += _member(member, given.precisions, sorted(given.batches), Tools(speeds=speeds, clock=clock))
    text = f"{_circumstances(speeds, given.clock)}\n\n{table(HEADING, [each.row for each in found])}"
    print(text)
    if given.save:
        save("t3", f"{text}\n{_drawn(found, folder)}", PACKAGES, folder)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", nargs="+", choices=MEMBERS, default=["nano"], help="those to measure")
    parser.add_argument("--precisions", nargs="+", choices=NAMES, default=list(NAMES), help="those to measure")
    parser.add_argument("--batches", nargs="+", type=int, default=list(BATCHES), help="utterances side by side")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="that torch computes with")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="what is measured with")
    parser.add_argument("--small", action="store_true", help="one layer: to see whether it runs")
    parser.add_argument("--save", action="store_true", help="also write the table and its pictures to bench/results/")
    return parser.parse_args(arguments)


def _member(
    member: Member, precisions: Sequence[PrecisionName], batches: Sequence[int], tools: Tools
) -> list[Measured]:
    """Every precision and batch; upstream's figure is the least of all that were measured meanwhile."""
    t3, found = _upstream(member), []
    for name in precisions:
        for measured in _ours(t3, member, precision_of(name, torch.device("cpu")), batches, tools):
            print(f"{member.name} {name} {measured.utterances}: {measured.ours:.2f} ms", file=sys.stderr)
            found.append(measured)
    return [replace(each, upstream=min(tools.upstream_ms)) for each in found]


def _upstream(member: Member) -> T3:
    """Upstream's T3 with weights drawn as upstream draws them, which never stops."""
    torch.manual_seed(0)
    t3 = modules.t3(member).eval().requires_grad_(requires_grad=False)
    t3.speech_head.weight.mul_(FAVOUR)
    t3.speech_head.weight[STOP_SPEECH:] = 0.0
    t3.hp.text_tokens_dict_size = 0  # no longer known as multilingual: that loop watches attention besides
    return t3


def _ours(t3: T3, member: Member, precision: Precision, batches: Sequence[int], tools: Tools) -> Iterator[Measured]:
    """Ours by batch; what upstream takes meanwhile is added to the tools'."""
    rows = (2 if member.guided else 1) * batches[-1]
    steps = len(batches) * (WARM_STEPS + 2 * STEPS) + 2
    length = member.opening_length + WORDS + 8 + steps
    decoder = Decoder(t3.state_dict(), member, rows=rows, length=length, precision=precision)
    jobs = [_job(member, seed, steps) for seed in range(batches[-1])]
    opening = decoder.opening(jobs[0].voice)
    under_way: list[Job] = []
    for count in batches:
        for job in jobs[len(under_way) : count]:
            job.admitted(decoder, opening)
            under_way.append(job)
        for _ in range(WARM_STEPS):
            decoder.step()
        before = _step_ms(decoder, tools.clock)
        tools.upstream_ms.append(_upstream_ms(t3, jobs[0], tools.clock))
        ours = min(before, _step_ms(decoder, tools.clock)) / count
        floor = _floor_ms(decoder, member, precision, rows=rows * count // batches[-1], speeds=tools.speeds) / count
        yield Measured(
            member=member.name,
            precision=precision.name,
            utterances=count,
            upstream=tools.upstream_ms[-1],
            ours=ours,
            floor=floor,
        )


def _job(member: Member, seed: int, tokens: int) -> Job:
    """An utterance with the member's usual sampling."""
    return Job.drawn(member, seed, (GUIDED if member.guided else UNGUIDED)[0], words=WORDS, token_limit=tokens)


def _step_ms(decoder: Decoder, clock: Clock) -> float:
    spent = []
    for _ in range(STEPS):
        began = clock()
        decoder.step()
        spent.append(clock() - began)
    return 1e3 * statistics.median(spent)


def _upstream_ms(t3: T3, job: Job, clock: Clock) -> float:
    """From one token's logits to the next one's."""
    moments: list[float] = []
    hook = t3.speech_head.register_forward_hook(lambda *_: moments.append(clock()))
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        replace(job, token_limit=UPSTREAM_TOKENS).upstream(t3)
    hook.remove()
    return 1e3 * statistics.median(after - before for before, after in pairwise(moments))


def _floor_ms(decoder: Decoder, member: Member, precision: Precision, *, rows: int, speeds: Speeds) -> float:
    """Of a step of so many rows, each with what an utterance holds after its text."""
    held = member.opening_length + WORDS
    read = decoder.weight_bytes + rows * memory.row_bytes(member, length=held, cache=precision.cache)
    operations = 2 * rows * read_in_a_step(member)
    return 1e3 * speeds.floor_sec(precision.name, read=read, operations=operations)


def _circumstances(speeds: Speeds, clock: str) -> str:
    products = ", ".join(f"{name} {speed / 1e9:.0f}" for name, speed in speeds.multiplied.items())
    return (
        f"{torch.get_num_threads()} threads, {clock} clock; {speeds.read / 1e9:.0f} GB/s read at best, products in 10⁹ "
        f"operations/s: {products}; load average of the last minute {os.getloadavg()[0]:.1f}."
    )


def _drawn(found: Sequence[Measured], folder: Path) -> str:
    """A picture of each member; the lines of the page that show them."""
    lines = []
    for name in dict.fromkeys(each.member for each in found):
        own = [each for each in found if each.member == name]
        path = Curves(
            title=f"Chatterbox {name}: milliseconds a speech token, {torch.get_num_threads()} threads",
            across="utterances side by side",
            up="ms a token",
            curves=list(_curves(own)),
        ).write(folder / f"t3_{name}.svg")
        lines.append(f"\n![Milliseconds a token of {name}]({path.name})")
    return "\n".join(lines)


def _curves(own: Sequence[Measured]) -> Iterator[Curve]:
    first = [each for each in own if each.precision == own[0].precision]
    yield Curve(name="upstream", colour="#c22", points=[(each.utterances, each.upstream) for each in first])
    for precision in dict.fromkeys(each.precision for each in own):
        part = [each for each in own if each.precision == precision]
        colour = COLOURS[precision]
        yield Curve(name=f"ours, {precision}", colour=colour, points=[(e.utterances, e.ours) for e in part])
        points = [(each.utterances, each.floor) for each in part]
        yield Curve(name=f"floor, {precision}", colour=colour, points=points, dashed=True)


if __name__ == "__main__":
    main()
