"""A local run: one job from the command line or `test_input.json`, its audio left in a folder."""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from worker.audio.formats import FORMATS
from worker.errors import InvalidRequest
from worker.frontends.bar import bar
from worker.jobs.context import Job, Worker
from worker.reply import ErrorReply, LongTextReply, SpeechReply
from worker.service import Service
from worker.settings import REPOSITORY, Settings


def run(arguments: Sequence[str], settings: Settings) -> int:
    """Answers one job; the exit status is 1 where the reply is an error.

    Raises:
        InvalidRequest: the job is not JSON.
        WorkerError: the worker cannot start.

    """
    options = _parser().parse_args(arguments)
    given = _job_input(options.test_input)
    output: Path = options.output
    if settings.volume_dir is None:
        settings = settings.model_copy(update={"volume_dir": output})
    service = Service(Worker.load(settings))
    try:
        with bar(sys.stderr) as progress:
            reply = service.run(Job(id=f"local-{uuid.uuid4()}", progress=progress), given)
    finally:
        service.close()
    if isinstance(reply, SpeechReply):
        sys.stdout.write(_summary(reply, _files(reply, output)))
        return 0
    failed = isinstance(reply, ErrorReply)
    stream = sys.stderr if failed else sys.stdout
    stream.write(reply.model_dump_json(indent=2, exclude_none=True) + "\n")
    return int(failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="handler.py", description="Runs one job on this machine.")
    parser.add_argument(
        "--test_input", metavar="JSON", help='the job, as {"input": {"text": "…"}}; default: test_input.json'
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("output"),
        metavar="FOLDER",
        help="where the audio goes; default: output",
    )
    return parser


def _job_input(text: str | None) -> object:
    source = "--test_input"
    if text is None:
        path = REPOSITORY / "test_input.json"
        source = path.name
        text = path.read_text(encoding="utf-8")
    try:
        job = json.loads(text)
    except ValueError as error:
        raise InvalidRequest(f"{source} is not JSON: {error}") from error
    if not isinstance(job, dict) or "input" not in job:
        raise InvalidRequest(f'{source} must be an object with an "input"', field="input")
    return job["input"]


def _files(reply: SpeechReply, folder: Path) -> list[Path]:
    """The files with the reply's audio: a long text's stand where they were delivered, beside what belongs to them."""
    if isinstance(reply, LongTextReply):
        paths = [Path(part.audio_path) for part in reply.parts if part.audio_path]
        if paths:
            return paths
    return [_saved(reply, folder)]


def _saved(reply: SpeechReply, folder: Path) -> Path:
    """The file with the reply's audio, named after what made it."""
    path = folder / f"{reply.voice}-{reply.seed}{FORMATS[reply.format].extension}"
    folder.mkdir(parents=True, exist_ok=True)
    if reply.audio_base64 is not None:
        path.write_bytes(base64.b64decode(reply.audio_base64))
    elif reply.audio_path is not None:
        shutil.move(reply.audio_path, path)
    return path


def _summary(reply: SpeechReply, paths: list[Path]) -> str:
    rtf = reply.metrics.rtf or 0.0
    worked_sec = reply.metrics.synth_sec + reply.metrics.encode_sec
    kind = f"{reply.format}, {reply.sample_rate} Hz"
    lines = [
        *(f"{path}" for path in paths),
        f"  {reply.duration_sec:.1f} s of audio: {kind}, {reply.size_bytes / 1000:.0f} kB",
        f"  made in {worked_sec:.2f} s, real-time factor {rtf:.3f}",
        f"  engine {reply.engine}, voice {reply.voice}, language {reply.language}, seed {reply.seed}",
        *(f"  warning: {warning}" for warning in reply.warnings),
    ]
    return "\n".join(lines) + "\n"
