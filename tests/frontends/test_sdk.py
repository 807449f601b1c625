"""The SDK is the one that `worker/frontends/sdk.py` was written against."""

from __future__ import annotations

import hashlib
import inspect
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from worker.frontends import sdk

REPOSITORY = Path(__file__).parent.parent.parent


def replaced_parts() -> dict[str, tuple[Any, str]]:
    """What is replaced and what calls it, each with its digest.

    Whoever raises the pin reads these sources again, mends the hardening, and then writes the new digests.
    """
    from runpod import http_client
    from runpod.serverless.modules import rp_fitness, rp_http, rp_job, rp_ping, rp_scale, worker_state

    return {
        "the job loop": (rp_scale, "42d855bb17ff46fb"),
        "the posting of results": (rp_http, "0da3784eecf5260b"),
        "the handling of a job": (rp_job.handle_job, "849f93639768bc87"),
        "the call of a handler": (rp_job.run_job, "3d5c3ab8a46d71fd"),
        "the call of a generator": (rp_job.run_job_generator, "a6742b7e5a56f3f8"),
        "the poll for jobs": (rp_job.get_job, "8ce238208ca5261a"),
        "the register of checks": (rp_fitness.register_fitness_check, "04e7f54e5b2c6973"),
        "the run of checks": (rp_fitness.run_fitness_checks, "cdfb0bbbce0e2a8d"),
        "the ping process": (rp_ping, "6db09105cd27cfa7"),
        "the sessions it posts in": (http_client.AsyncClientSession, "1c7910233ce3d6d4"),
        "the list of jobs in hand": (worker_state.JobsProgress, "36fc501c771d8f2f"),
    }


def test_the_pinned_version_is_installed() -> None:
    assert version("runpod") == sdk.SDK_VERSION
    pins = (REPOSITORY / "builder" / "requirements" / "base.in").read_text()
    assert f"runpod=={sdk.SDK_VERSION}" in pins


@pytest.mark.parametrize("part", list(replaced_parts()))
def test_what_is_replaced_has_not_changed(part: str) -> None:
    source, digest = replaced_parts()[part]
    assert hashlib.sha256(inspect.getsource(source).encode()).hexdigest()[:16] == digest


def test_the_sdk_is_imported_without_probing_the_processor() -> None:
    code = "from worker.frontends import sdk; import cpuinfo; print(cpuinfo.get_cpu_info())"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert "not probed" in done.stdout
