"""`preview`: a voice is heard, through the service that answers jobs."""

from __future__ import annotations

import argparse
import base64
import uuid
from pathlib import Path
from typing import Any

from builder.voices.errors import StudioError
from builder.voices.sentences import greeting
from builder.voices.studio import Command, Studio
from voice_library.catalog import CATALOG
from voice_library.embedding_file import write_whole
from worker.audio.formats import FORMATS
from worker.jobs.context import Job, Worker
from worker.reply import ErrorReply, SpeechReply
from worker.service import Service
from worker.settings import Settings


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("voice", metavar="VOICE")
    parser.add_argument("--text", help="what is said (default: a sentence in the voice's language)")
    parser.add_argument("--engine", help="default: the first of TTS_ENGINES that can speak as the voice")
    parser.add_argument("--out", type=Path, metavar="FILE", help="its suffix is the format (default: <id>.wav)")


def _run(given: argparse.Namespace, studio: Studio) -> int:
    held = studio.folder.read().find(given.voice)
    out = given.out or Path(f"{held.voice.id}.wav")
    response_format = out.suffix.removeprefix(".").lower()
    if response_format not in FORMATS:
        raise StudioError(f"{out.name}: no format of that name; known: {', '.join(FORMATS)}")
    asked = {
        "type": "synthesis",
        "voice": held.voice.id,
        "text": given.text or greeting(held.voice.language),
        "response_format": response_format,
        "delivery": "inline",
    }
    reply = _spoken(asked | ({"engine": given.engine} if given.engine else {}), _settings(given, studio))
    write_whole(out, base64.b64decode(reply.audio_base64 or ""))
    told = {
        "file": str(out),
        "voice": reply.voice,
        "engine": reply.engine,
        "seconds": round(reply.duration_sec, 2),
        "sample_rate": reply.sample_rate,
        "warnings": list(reply.warnings),
    }
    studio.console.result(told, _lines(told))
    return 0


def _settings(given: argparse.Namespace, studio: Studio) -> Settings:
    """Those of a worker on the folder, which keeps nothing and looks nowhere else."""
    path = studio.folder.path
    listed = (path / CATALOG).exists()
    return studio.settings.model_copy(
        update={
            "engines": (given.engine,) if given.engine else studio.settings.engines,
            "lazy_engines": () if given.engine else studio.settings.lazy_engines,
            "voices_dir": path if listed else studio.settings.voices_dir,
            "saved_voices_dir": path,
            "default_voice": None,
            "voices_refresh_sec": 0.0,
            "cache_mb": 0,
            "cache_dir": None,
            "cache_s3": False,
        }
    )


def _spoken(asked: dict[str, Any], settings: Settings) -> SpeechReply:
    service = Service(Worker.load(settings))
    try:
        reply = service.run(Job(id=f"preview-{uuid.uuid4()}", counted=False), asked)
    finally:
        service.close()
    if isinstance(reply, ErrorReply):
        raise StudioError(reply.error.message)
    if not isinstance(reply, SpeechReply):
        raise StudioError("the service answered with something other than speech")
    return reply


def _lines(told: dict[str, Any]) -> list[str]:
    spoken = f"{told['file']}: {told['seconds']} s by {told['engine']} as '{told['voice']}'"
    return [spoken, *(f"  {warning}" for warning in told["warnings"])]


COMMAND = Command(purpose="hear a voice, as a job would", declare=_declare, run=_run)
