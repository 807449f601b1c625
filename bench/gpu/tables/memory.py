"""How much memory T3 takes: its weights, room for keys and values, and what a step needs besides."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import torch

from bench.gpu.crowd import Crowd, cases
from bench.gpu.floor import read_bytes
from bench.gpu.record import Cell, Row
from bench.gpu.setup import Setup
from bench.gpu.weights import weights

HEADING = (
    *("member", "precision", "CUDA graphs", "utterances", "weights MiB", "keys and values MiB"),
    *("allocated MiB", "at most MiB", "reserved MiB"),
)
CROWDS, SMALL_CROWDS = (1, 16, 64), (2,)
MEBIBYTE = 2**20


def rows(setup: Setup) -> Iterator[Row | str]:
    """Weights of a step and keys and values up to the middle are computed, the others are what torch says."""
    yield "allocated: with everybody speaking; at most: since the weights were loaded, in single precision, and cast"
    for member, variant in cases(setup):
        for utterances in SMALL_CROWDS if setup.small else CROWDS:
            _forget(setup)
            crowd = Crowd(
                weights(member, setup.device), member, variant, setup, utterances=utterances, tokens=setup.tokens + 1
            )
            crowd.gather(utterances)
            crowd.steps(setup.warm_steps)
            setup.wait()
            position = crowd.reach
            yield {
                "member": member.name,
                **variant.cells,
                "utterances": utterances,
                "weights MiB": read_bytes(member, variant.precision, rows=0, position=0) / MEBIBYTE,
                "keys and values MiB": _held(crowd, variant.precision.cache, position),
                **_measured(setup),
            }
            crowd.disperse()
            del crowd


def _held(crowd: Crowd, dtype: torch.dtype, position: float) -> float:
    per_row = position * 2 * crowd.member.layers * crowd.member.hidden * dtype.itemsize
    return crowd.rows * per_row / MEBIBYTE


def _forget(setup: Setup) -> None:
    gc.collect()
    if setup.device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(setup.device)


def _measured(setup: Setup) -> dict[str, Cell]:
    if setup.device.type != "cuda":
        return {"allocated MiB": None, "at most MiB": None, "reserved MiB": None}
    return {
        "allocated MiB": torch.cuda.memory_allocated(setup.device) / MEBIBYTE,
        "at most MiB": torch.cuda.max_memory_allocated(setup.device) / MEBIBYTE,
        "reserved MiB": torch.cuda.memory_reserved(setup.device) / MEBIBYTE,
    }
