"""What everything was measured on, and how fast that is by itself."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import torch

from bench.gpu.floor import MULTIPLIED, speeds
from bench.gpu.record import Row
from bench.gpu.setup import Setup

HEADING = ("what", "value")
PACKAGES = ("triton", "transformers", "chatterbox-tts")
DRIVER = ("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")
WITHIN_SEC = 20
"""Longest wait for the driver's version."""


def rows(setup: Setup) -> Iterator[Row]:
    """Names and versions, then bytes and operations a second."""
    yield {"what": "date", "value": datetime.now(UTC).date().isoformat()}
    for what, value in {**_device(setup), **_versions()}.items():
        yield {"what": what, "value": value}
    found = speeds(setup)
    yield {"what": "copy, read and written, GB/s", "value": found.copied / 1e9}
    for dtype in MULTIPLIED:
        yield {"what": f"product of matrices, {dtype}, TFLOP/s", "value": found.multiplied[dtype] / 1e12}


def _device(setup: Setup) -> dict[str, str]:
    if setup.device.type != "cuda":
        return {"device": f"{setup.device}: {platform.machine()}"}
    facts = torch.cuda.get_device_properties(setup.device)
    return {
        "device": f"{facts.name}, {facts.total_memory / 2**30:.0f} GiB, compute capability {facts.major}.{facts.minor}",
        "driver": _driver(),
        "CUDA": str(torch.version.cuda),
    }


def _driver() -> str:
    program = shutil.which(DRIVER[0])
    if program is None:
        return "not known: there is no nvidia-smi"
    asked = subprocess.run(  # the program that PATH names is asked for one word
        [program, *DRIVER[1:]], capture_output=True, text=True, timeout=WITHIN_SEC, check=False
    )
    return asked.stdout.strip() or "not known: nvidia-smi does not say"


def _versions() -> dict[str, str]:
    return {
        "Python": platform.python_version(),
        "torch": torch.__version__,
        **{name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
