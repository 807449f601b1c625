from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from worker import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("INFO", stream)
    yield stream
    root.handlers[:], level = before
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_its_figures_and_the_jobs_id(stream: io.StringIO) -> None:
    with logs.job_context("job-1"):
        logs.event(logging.getLogger("some.module"), "job done", took_sec=0.5)
    logs.event(logging.getLogger("some.module"), "idle")
    first, second = lines(stream)
    assert (first["event"], first["job"], first["took_sec"]) == ("job done", "job-1", 0.5)
    assert (first["level"], first["logger"]) == ("INFO", "some.module")
    assert "job" not in second


def test_an_exception_is_logged_by_class_and_place_without_its_message(stream: io.StringIO) -> None:
    error = RuntimeError("also secret")
    error.__cause__ = ValueError("the caller's secret text")
    try:
        raise error
    except RuntimeError:
        logging.getLogger("x").exception("job failed")
    (line,) = lines(stream)
    trail = line["exception"]
    assert isinstance(trail, list)
    assert "RuntimeError" in trail
    assert "ValueError" in trail
    assert any("test_logs.py" in place for place in trail)
    assert "secret" not in stream.getvalue()
