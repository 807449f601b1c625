"""Each example runs as it stands, against the real worker on a local control plane."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.delivery.s3.store import ACCESS_KEY_ID, BUCKET, SECRET_ACCESS_KEY, Store
from tests.platform.control_plane import API_KEY, ENDPOINT_ID, ControlPlane
from tests.platform.faults import Answer
from tests.platform.job import Job, State
from tests.platform.process import WorkerProcess
from tests.production.conftest import HANDLER
from tests.production.test_queue import SLOW_TEXT

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
WHOLE = ("python/speak.py", "curl/run.sh", "curl/runsync.sh", "javascript/speak.mjs")
STREAMING = ("python/stream.py", "curl/stream.sh", "javascript/stream.mjs")
STORED = ("python/stored.py", "javascript/stored.mjs")
COMMANDS = {".py": sys.executable, ".sh": "bash", ".mjs": "node"}
NEEDED = {".py": (), ".sh": ("bash", "curl", "jq"), ".mjs": ("node",)}
TEXT = "Hello there. This is an example, and it is spoken by the worker."
LONGER_TEXT = "One sentence after another, and each of them is a piece. " * 30
FAILURE = "unknown_voice: no voice or profile 'sara'; did you mean 'sarah'?"
WITHIN_SEC = 15.0
MP3_SLACK_SEC = 0.11
"""An encoder's delay and the rest of its last frame, of 1152 samples at 22050 Hz each."""


def each(names: Sequence[str]) -> pytest.MarkDecorator:
    """Runs the test with each example, where there is what it needs."""
    values = []
    for name in names:
        missing = [tool for tool in NEEDED[Path(name).suffix] if shutil.which(tool) is None]
        marks = [pytest.mark.skip(reason=f"{name} needs {', '.join(missing)}")] if missing else []
        values.append(pytest.param(name, marks=marks))
    return pytest.mark.parametrize("name", values)


@contextmanager
def endpoint(folder: Path, **settings: str) -> Iterator[ControlPlane]:
    """A control plane and one worker."""
    with ControlPlane() as platform:
        with WorkerProcess(HANDLER, platform, folder / "worker.log", environment=settings):
            yield platform
        # A piece may be on its way when its job is cancelled.
        violations = platform.violations()
        assert [one for one in violations if platform.job(one.job_id).state is not State.CANCELLED] == []


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    base = tmp_path_factory.mktemp("s3")
    running = Store(base / "data", base / "log")
    yield running
    running.kill()


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("volume")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, store: Store, volume: Path) -> Iterator[ControlPlane]:
    """An endpoint that sends whole replies, and has both stores."""
    settings = {
        "TTS_VOLUME_DIR": str(volume),
        "TTS_S3_ENDPOINT": f"http://127.0.0.1:{store.port}",
        "TTS_S3_BUCKET": BUCKET,
        "TTS_S3_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "TTS_S3_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    }
    with endpoint(tmp_path_factory.mktemp("whole"), **settings) as platform:
        yield platform


@pytest.fixture(scope="module")
def streaming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """An endpoint that streams."""
    with endpoint(tmp_path_factory.mktemp("streaming"), TTS_FRONTEND="stream", TTS_PROGRESS_SEC="0.05") as platform:
        yield platform


class User:
    """Starts examples in a folder of their own, with the credentials in the environment."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "speech.mp3"
        self._folder = folder
        # RunPod's package has it probe the processor at its import, which takes a second each time.
        (folder / "cpuinfo.py").write_text("def get_cpu_info():\n    return {'brand_raw': 'not probed'}\n")

    def start(
        self, platform: ControlPlane, name: str, text: str, *more: str, voice: str = "sarah", **environment: str | None
    ) -> subprocess.Popen[bytes]:
        suffix = Path(name).suffix
        named = [voice, str(self.file)] if suffix == ".sh" else ["--voice", voice, "--out", str(self.file)]
        given: dict[str, str | None] = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RUNPOD_")},
            "HOME": str(self._folder),
            "PYTHONPATH": str(self._folder),
            "RUNPOD_ENDPOINT_ID": ENDPOINT_ID,
            "RUNPOD_API_KEY": API_KEY,
            "RUNPOD_ENDPOINT_BASE_URL": platform.url,
            **environment,
        }
        return subprocess.Popen(
            [COMMANDS[suffix], str(EXAMPLES / name), text, *named, *more],
            cwd=self._folder,
            env={name: value for name, value in given.items() if value is not None},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, platform: ControlPlane, name: str, text: str, *more: str, **how: Any) -> tuple[int, str]:
        """Its exit status, and what it printed; which never holds a secret."""
        return ended(self.start(platform, name, text, *more, **how))


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    try:
        printed = b"".join(process.communicate(timeout=WITHIN_SEC)).decode()
    finally:
        process.kill()
    for secret in (API_KEY, "X-Amz-", SECRET_ACCESS_KEY):
        assert secret not in printed
    assert "Traceback" not in printed
    return process.returncode, printed


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


def reply_of(job: Job) -> dict[str, Any]:
    """The worker's reply, whatever the front end wraps around it."""
    body = job.output[-1] if isinstance(job.output, list) else job.output
    assert isinstance(body, dict)
    return body


def last_reply(platform: ControlPlane) -> dict[str, Any]:
    return reply_of(platform.wait_for(platform.jobs()[-1].id, State.COMPLETED))


def check_is_the_audio_of(reply: dict[str, Any], file: Path) -> None:
    assert file.stat().st_size == reply["size_bytes"]
    samples, sample_rate = soundfile.read(file)  # the header of a streamed MP3 does not know how long it is
    assert len(samples) / sample_rate == pytest.approx(reply["duration_sec"], abs=MP3_SLACK_SEC)
    assert reply["duration_sec"] > 1


def objects(store: Store) -> set[Path]:
    return {path for path in (store.folder / BUCKET).rglob("*") if path.is_file()}


def tells_length(printed: str, reply: dict[str, Any]) -> bool:
    found = re.search(r"([\d.]+) s of audio", printed)
    return found is not None and float(found[1]) == pytest.approx(reply["duration_sec"], abs=0.051)


@each(WHOLE)
@pytest.mark.parametrize("frontend", ["whole", "streaming"])
def test_the_file_holds_the_audio_and_is_as_long_as_the_reply_says(
    name: str, frontend: str, user: User, request: pytest.FixtureRequest
) -> None:
    platform: ControlPlane = request.getfixturevalue(frontend)
    status, printed = user.run(platform, name, TEXT)
    assert status == 0, printed
    check_is_the_audio_of(last_reply(platform), user.file)
    assert tells_length(printed, last_reply(platform))


@each(STREAMING)
def test_streamed_pieces_are_written_in_order_and_make_up_the_file(
    name: str, streaming: ControlPlane, user: User
) -> None:
    status, printed = user.run(streaming, name, LONGER_TEXT)
    assert status == 0, printed
    reply = last_reply(streaming)
    assert [int(index) for index in re.findall(r"^piece (\d+)", printed, re.MULTILINE)] == list(range(reply["pieces"]))
    assert reply["pieces"] > 1
    check_is_the_audio_of(reply, user.file)
    assert tells_length(printed, reply)


@each(STREAMING)
def test_how_far_a_stream_is_is_told_between_its_pieces(name: str, streaming: ControlPlane, user: User) -> None:
    status, printed = user.run(streaming, name, LONGER_TEXT)
    assert status == 0, printed
    shares = [int(share) for share in re.findall(r"^(\d+) % spoken", printed, re.MULTILINE)]
    assert len(shares) > 1
    assert shares == sorted(shares)
    assert 0 < shares[0] < 100
    assert printed.index("piece 0") < printed.index("% spoken") < printed.index("s of audio")


@each(STREAMING)
def test_audio_is_there_while_more_of_it_is_made_and_a_cancelled_job_is_an_error(
    name: str, streaming: ControlPlane, user: User
) -> None:
    before = len(streaming.jobs())
    process = user.start(streaming, name, SLOW_TEXT[:40_000])
    try:
        streaming.wait_until(lambda: user.file.exists() and user.file.stat().st_size > 0)
        job = streaming.jobs()[before]
        assert not job.is_final
    finally:
        for job in streaming.jobs()[before:]:
            streaming.cancel(job.id)
        status, printed = ended(process)
    assert status != 0
    assert "CANCELLED" in printed


@each((*WHOLE, *STORED))
@pytest.mark.parametrize("frontend", ["whole", "streaming"])
def test_a_job_that_fails_ends_with_the_workers_code_and_message(
    name: str, frontend: str, user: User, request: pytest.FixtureRequest
) -> None:
    status, printed = user.run(request.getfixturevalue(frontend), name, TEXT, voice="sara")
    assert status == 1
    assert FAILURE in printed
    assert not user.file.exists()


@each(STREAMING)
def test_the_pieces_alone_go_to_a_player_that_reads_standard_output(
    name: str, streaming: ControlPlane, user: User
) -> None:
    user.file = Path("/dev/stdout")
    audio, _ = user.start(streaming, name, TEXT).communicate(timeout=WITHIN_SEC)
    reply = last_reply(streaming)
    assert len(audio) == reply["size_bytes"]
    assert soundfile.info(io.BytesIO(audio)).format == "MP3"


@each(STREAMING)
def test_a_failure_is_heard_on_the_stream_itself(name: str, streaming: ControlPlane, user: User) -> None:
    status, printed = user.run(streaming, name, TEXT, voice="sara")
    assert status == 1
    assert FAILURE in printed
    assert user.file.stat().st_size == 0
    assert not streaming.requests("status", job_id=streaming.jobs()[-1].id)


@each(STORED)
def test_a_recording_in_s3_is_downloaded(name: str, whole: ControlPlane, user: User, store: Store) -> None:
    before = objects(store)
    status, printed = user.run(whole, name, TEXT)
    assert status == 0, printed
    check_is_the_audio_of(last_reply(whole), user.file)
    (stored,) = objects(store) - before
    assert stored.read_bytes() == user.file.read_bytes()
    assert tells_length(printed, last_reply(whole))


@each(STORED)
def test_a_recording_on_the_volume_is_told_by_its_path(
    name: str, whole: ControlPlane, user: User, volume: Path
) -> None:
    status, printed = user.run(whole, name, TEXT, "--delivery", "volume")
    assert status == 0, printed
    path = last_reply(whole)["audio_path"]
    assert path in printed
    check_is_the_audio_of(last_reply(whole), volume / path)
    assert tells_length(printed, last_reply(whole))


@each(STORED)
def test_a_download_that_fails_is_an_error_that_hides_the_signed_url(
    name: str, whole: ControlPlane, user: User
) -> None:
    url = "http://127.0.0.1:1/key?X-Amz-Signature=1"
    output = {"audio_url": url, "duration_sec": 1.0, "size_bytes": 1, "voice": "sarah"}
    whole.inject("status", Answer(200, json.dumps({"status": "COMPLETED", "output": output}).encode()))
    status, printed = user.run(whole, name, TEXT)
    assert status == 1
    assert printed.strip()


@each(STREAMING)
def test_a_piece_that_is_lost_on_its_way_is_an_error(name: str, streaming: ControlPlane, user: User) -> None:
    piece = {"type": "audio", "index": 1, "audio_base64": "AAAA"}
    body = {"status": "IN_PROGRESS", "stream": [{"output": piece}]}
    streaming.inject("stream", Answer(200, json.dumps(body).encode()))
    status, printed = user.run(streaming, name, TEXT)
    assert status == 1
    assert "piece 0 was lost" in printed
    assert user.file.stat().st_size == 0


@each(STREAMING)
def test_a_stream_from_an_endpoint_that_sends_whole_replies_says_what_to_set(
    name: str, whole: ControlPlane, user: User
) -> None:
    status, printed = user.run(whole, name, TEXT)
    assert status == 1
    assert "TTS_FRONTEND=stream" in printed


@each((*WHOLE, *STORED, *STREAMING))
def test_a_key_that_is_refused_and_one_that_is_missing_are_told_without_a_traceback(
    name: str, whole: ControlPlane, user: User
) -> None:
    processes = [user.start(whole, name, TEXT, RUNPOD_API_KEY=key) for key in ("canary-key", None)]
    (refused, said), (missing, named) = [ended(process) for process in processes]
    assert refused != 0
    assert "401" in said
    assert "canary-key" not in said
    assert missing != 0
    assert "RUNPOD_API_KEY" in named
    assert not user.file.exists()


def test_the_readme_has_each_example_and_each_link_of_it_leads_somewhere() -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[([\w./]+)\]\(([\w./]+)\)", readme, re.MULTILINE)
    assert all(name == target for name, target in listed)
    assert {name for name, _ in listed} == {
        str(path.relative_to(EXAMPLES)) for path in EXAMPLES.glob("*/*") if path.suffix in COMMANDS
    }
    assert {name for name, _ in listed} == {*WHOLE, *STREAMING, *STORED}


def test_the_readme_runs_each_example_with_options_it_has(user: User) -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for name, command in re.findall(r"^\| \[([\w./]+)\].*\| `([^`]*)` \|$", readme, re.MULTILINE):
        assert Path(name).name in command
        source = (EXAMPLES / name).read_text(encoding="utf-8")
        for option in re.findall(r"--(\w+)", command.split("\\|")[0]):
            assert re.search(rf'"--{option}"|\b{option}: {{ type: "string"', source), (name, option)
