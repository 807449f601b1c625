"""Logs: one JSON object per line, with the job's id; never text, audio, signed URLs or keys."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

_job_id: ContextVar[str | None] = ContextVar("job_id", default=None)


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        job_id = _job_id.get()
        if job_id is not None:
            line["job"] = job_id
        line.update(getattr(record, "figures", {}))
        if record.exc_info:
            line["exception"] = _where(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True, default=str)


def _where(error: BaseException | None) -> list[str]:
    """The classes of an exception and its causes and the lines it passed; not its message, which may quote a caller."""
    if error is None:
        return []
    frames = traceback.extract_tb(error.__traceback__)
    trail = [type(error).__name__, *(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)]
    return trail + _where(error.__cause__)


@contextmanager
def job_context(job_id: str) -> Iterator[None]:
    """Marks every line logged inside it, in this thread or task, with `job_id`."""
    token = _job_id.set(job_id)
    try:
        yield
    finally:
        _job_id.reset(token)


def event(logger: logging.Logger, name: str, **figures: object) -> None:
    """Logs `name` at INFO with `figures` as fields of its JSON line."""
    logger.info(name, extra={"figures": figures})


def configure(level: str, stream: TextIO = sys.stderr) -> None:
    """Sends the root logger's lines from `level` up to `stream`, replacing handlers set by others."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_JsonLine())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings quote the document
