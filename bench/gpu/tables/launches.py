"""What a token asks of the host: operations, kernels it launches, and times it waits for the device unasked."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch._C._autograd import DeviceType
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode

from bench.gpu.crowd import Crowd, cases
from bench.gpu.record import Cell, Row
from bench.gpu.setup import Setup
from bench.gpu.weights import weights

HEADING = ("member", "precision", "CUDA graphs", "utterances", "operations", "launches", "kernels", "host syncs")
CROWDS, SMALL_CROWDS = (1, 16), (1,)
STEPS, SMALL_STEPS = 8, 2
VIEWS = {
    *("view", "_unsafe_view", "reshape", "_reshape_alias", "expand", "expand_as", "slice", "select", "detach", "alias"),
    *("transpose", "t", "numpy_T", "permute", "unsqueeze", "squeeze", "unbind", "split", "chunk", "unflatten"),
    *("flatten", "as_strided", "lift_fresh", "view_as_complex", "split_with_sizes"),
}
"""Operations that compute nothing."""
LAUNCHES = (
    "cudaLaunch",
    "cuLaunch",
    "cudaGraphLaunch",
    "cuGraphLaunch",
    "cudaMemcpy",
    "cuMemcpy",
    "cudaMemset",
    "cuMemset",
)
"""Beginnings of the runtime's calls that give the device something to do."""
WAITED = "called a synchronizing"
"""What torch warns of in its synchronisation debug mode."""


def rows(setup: Setup) -> Iterator[Row | str]:
    """Everything a token, once everybody is admitted: the steps of a crowd, divided by their number."""
    yield "waiting for tokens is meant, and no host sync; what happens inside a graph is no operation"
    for member, variant in cases(setup):
        made = weights(member, setup.device)
        steps, crowds = (SMALL_STEPS, SMALL_CROWDS) if setup.small else (STEPS, CROWDS)
        crowd = Crowd(made, member, variant, setup, utterances=crowds[-1], tokens=setup.warm_steps + 4 * steps)
        for utterances in crowds:
            crowd.gather(utterances)
            crowd.steps(setup.warm_steps)
            yield {
                "member": member.name,
                **variant.cells,
                "utterances": utterances,
                "operations": _operations(crowd, steps),
                **_launches(crowd, setup, steps),
                "host syncs": _waits(crowd, setup, steps),
            }
            crowd.disperse()


def _operations(crowd: Crowd, steps: int) -> float:
    counted = Count()
    with counted:
        crowd.steps(steps)
    return counted.total / steps


def _launches(crowd: Crowd, setup: Setup, steps: int) -> dict[str, Cell]:
    """Calls that launch something, and what ran on the device in the end."""
    if setup.device.type != "cuda":
        return {"launches": None, "kernels": None}
    setup.wait()
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
        crowd.steps(steps)
        setup.wait()
    events = profiler.events() or []
    on_device = sum(event.device_type == DeviceType.CUDA for event in events)
    calls = sum(event.name.startswith(LAUNCHES) for event in events)
    return {"launches": calls / steps, "kernels": on_device / steps}


def _waits(crowd: Crowd, setup: Setup, steps: int) -> Cell:
    if setup.device.type != "cuda":
        return None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            crowd.steps(steps)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return sum(WAITED in str(warning.message) for warning in caught) / steps


class Count(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch does not type it
    """Counts the operations that reach the dispatcher while it is on, views left out."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch does not type it
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.total += func.__name__.partition(".")[0] not in VIEWS
        return func(*args, **kwargs or {})
