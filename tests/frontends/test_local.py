"""`python handler.py` on somebody's own machine."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
import soundfile

REPOSITORY = Path(__file__).parent.parent.parent
LONG = {"input": {"text": "One sentence after another, until all of it has been said. " * 120}}
"""Five seconds of work."""


def run(*arguments: str, output: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "handler.py", "--output", str(output), *arguments]
    return subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def on_terminal(*arguments: str, output: Path) -> str:
    """What a run that ends well writes to stderr, which is a terminal."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    command = [sys.executable, "handler.py", "--output", str(output), *arguments]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=far)
    os.close(far)
    sent = b""
    try:
        while chunk := os.read(near, 65_536):
            sent += chunk
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        os.close(near)
        assert process.wait(60) == 0
    return sent.decode()


def test_without_arguments_it_speaks_the_example_and_says_what_it_did(tmp_path: Path) -> None:
    done = run(output=tmp_path)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.iterdir()
    assert soundfile.info(path).duration > 5
    first, *rest = done.stdout.splitlines()
    assert first == str(path)
    said = "\n".join(rest)
    for word in ("s of audio", "real-time factor", "engine espeak", "voice sarah", "seed"):
        assert word in said


def test_a_job_from_the_command_line_is_spoken_in_the_format_it_asks_for(tmp_path: Path) -> None:
    job = {"input": {"text": "Bonjou", "profile": "creole-narrator", "response_format": "flac", "seed": 5}}
    done = run("--test_input", json.dumps(job), output=tmp_path)
    assert done.returncode == 0, done.stderr
    assert soundfile.info(tmp_path / "creole-narrator-5.flac").format == "FLAC"


def test_audio_too_large_for_a_reply_is_saved_all_the_same(tmp_path: Path) -> None:
    text = "A sentence of some length that is said again and again. " * 80
    job = {"input": {"text": text, "response_format": "wav", "sample_rate": 48_000, "seed": 1}}
    done = run("--test_input", json.dumps(job), output=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # it is no terminal, and has no use for a bar
    assert [path.name for path in tmp_path.iterdir()] == ["sarah-1.wav"]
    assert (tmp_path / "sarah-1.wav").stat().st_size > 10_000_000


@pytest.mark.parametrize(
    ("argument", "code", "message"),
    [
        ('{"input": {"text": "x", "voice": "sara"}}', "unknown_voice", "did you mean 'sarah'"),
        ('{"input": {"texxt": "x"}}', "invalid_request", "did you mean 'text'"),
        ("{not json", "invalid_request", "--test_input is not JSON"),
        ('{"text": "x"}', "invalid_request", 'an object with an "input"'),
    ],
)
def test_a_bad_request_exits_with_1_and_the_typed_error(tmp_path: Path, argument: str, code: str, message: str) -> None:
    done = run("--test_input", argument, output=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    error = json.loads(done.stderr)["error"]
    assert error["code"] == code
    assert message in error["message"]
    assert list(tmp_path.iterdir()) == []


def test_a_long_job_shows_how_far_it_is_on_a_terminal(tmp_path: Path) -> None:
    long = on_terminal("--test_input", json.dumps(LONG), output=tmp_path)
    assert re.search(r"\r +\d+ %\|.*\| [\d.]+ s of audio, [\d.]+ x real time, \d+:\d\d left", long)
    assert long.splitlines()[-1].strip() == ""  # its line was cleared


def test_voices_and_health_print_their_reply(tmp_path: Path) -> None:
    done = run("--test_input", '{"input": {"type": "health"}}', output=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "ok"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"TTS_LANE": "2"}, "did you mean TTS_LANES"),
        ({"TTS_ENGINES": "espeek"}, "no engine 'espeek'"),
        ({"TTS_DEFAULT_VOICE": "sara"}, "TTS_DEFAULT_VOICE: no voice or profile 'sara'"),
        ({"TTS_VOICES_DIR": "/nonexistent"}, "TTS_VOICES_DIR: catalog.json"),
        ({"TTS_ESPEAK_LIBRARY": "/nonexistent.so"}, "libespeak-ng is there but cannot be loaded"),
    ],
)
def test_a_worker_that_cannot_start_says_why(tmp_path: Path, environment: dict[str, str], message: str) -> None:
    done = run(output=tmp_path, **environment)
    assert done.returncode == 1
    assert message in json.loads(done.stderr)["error"]["message"]
