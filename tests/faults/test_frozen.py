from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.faults.frozen import frozen

WORK_SEC = 60


@pytest.fixture
def process() -> Iterator[psutil.Process]:
    """One that does nothing for a minute."""
    with subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({WORK_SEC})"]) as child:
        yield psutil.Process(child.pid)
        child.kill()


def test_a_frozen_process_stands_still_and_then_goes_on(process: psutil.Process) -> None:
    begin = time.monotonic()
    with frozen(process.pid, 0.3):
        assert process.status() == psutil.STATUS_STOPPED
    assert time.monotonic() - begin >= 0.3
    assert process.status() != psutil.STATUS_STOPPED


def test_a_failure_inside_thaws_at_once(process: psutil.Process) -> None:
    begin = time.monotonic()
    with pytest.raises(ValueError, match="nothing"), frozen(process.pid, WORK_SEC):
        int("nothing")
    assert time.monotonic() - begin < WORK_SEC / 2
    assert process.status() != psutil.STATUS_STOPPED
