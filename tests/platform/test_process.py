from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.platform.control_plane import ControlPlane
from tests.platform.process import WorkerProcess

SCRIPT = """
import os, subprocess, sys, time, urllib.request
print("hello from", os.environ["RUNPOD_POD_ID"], sys.argv[1:], os.environ.get("EXTRA"), flush=True)
if "fail" in sys.argv:
    sys.exit("no model")
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("child", child.pid, flush=True)
url = os.environ["RUNPOD_WEBHOOK_GET_JOB"].replace("$ID", os.environ["RUNPOD_POD_ID"])
request = urllib.request.Request(url, headers={"Authorization": os.environ["RUNPOD_AI_API_KEY"]})
urllib.request.urlopen(request).close()
time.sleep(60)
"""
"""A worker that asks for one job and then sleeps, with a child that sleeps too."""


@pytest.fixture(scope="module")
def platform() -> Iterator[ControlPlane]:
    with ControlPlane(hold_sec=0.1) as one:
        yield one


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def child_of(worker: WorkerProcess) -> psutil.Process:
    worker.wait_for_log("child")
    return psutil.Process(int(worker.log.split("child ")[1].split()[0]))


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def wait_until_gone(*processes: psutil.Process) -> None:
    deadline = time.monotonic() + 5
    while not all(is_gone(process) for process in processes):
        assert time.monotonic() < deadline, f"still there: {processes}"
        time.sleep(0.01)


def test_a_worker_is_entered_when_it_polls_and_nothing_of_it_is_left_behind(
    platform: ControlPlane, script: Path, tmp_path: Path
) -> None:
    with WorkerProcess(
        script, platform, tmp_path / "log", arguments=["--option"], environment={"EXTRA": "more"}
    ) as worker:
        assert platform.requests("job-take", worker_id=worker.worker_id)
        assert f"hello from {worker.worker_id} ['--option'] more" in worker.log
        process, child = psutil.Process(worker.pid), child_of(worker)
        assert child.is_running()
    wait_until_gone(process, child)


def test_a_worker_that_ends_at_its_start_shows_why(platform: ControlPlane, script: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match=r"(?s)ended with 1.*no model"),
        WorkerProcess(script, platform, tmp_path / "log", arguments=["fail"]),
    ):
        pass


def test_a_failure_inside_shows_the_end_of_the_log(platform: ControlPlane, script: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError) as failure,
        WorkerProcess(script, platform, tmp_path / "log", worker_id="unhappy"),
    ):
        1 / 0  # noqa: B018 - the failure is the point
    assert "hello from unhappy" in failure.value.__notes__[0]


def test_sigterm_reaches_the_worker_alone_and_sigkill_the_whole_group(
    platform: ControlPlane, script: Path, tmp_path: Path
) -> None:
    with WorkerProcess(script, platform, tmp_path / "first") as worker:
        child = child_of(worker)
        worker.terminate()
        assert worker.wait_for_exit() == -15
        assert not is_gone(child)
    wait_until_gone(child)
    with WorkerProcess(script, platform, tmp_path / "second") as worker:
        child = child_of(worker)
        worker.kill()
        assert worker.wait_for_exit() == -9
        wait_until_gone(child)


def test_a_worker_that_never_polls_is_given_up(platform: ControlPlane, tmp_path: Path) -> None:
    script = tmp_path / "idle.py"
    script.write_text("import time; time.sleep(60)")
    worker = WorkerProcess(script, platform, tmp_path / "log")
    worker.start()
    try:
        with pytest.raises(AssertionError, match="does not poll"):
            worker.wait_until_polling(within_sec=0.2)
    finally:
        worker.end()


def test_the_worker_runs_on_this_python_without_our_settings(
    platform: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNPOD_LOG_LEVEL", "ERROR")
    script = tmp_path / "script.py"
    script.write_text("import os, sys; sys.exit(f'{sys.executable} {os.environ.get(\"RUNPOD_LOG_LEVEL\")}')")
    worker = WorkerProcess(script, platform, tmp_path / "log")
    worker.start()
    try:
        assert worker.wait_for_exit() == 1
        assert worker.log == f"{sys.executable} None\n"
    finally:
        worker.end()
