"""The one route: whatever happens inside, a reply comes out."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest

from worker.jobs.context import Job, Worker
from worker.reply import ErrorReply
from worker.service import JOBS, Service
from worker.settings import Settings


def test_an_exception_nobody_planned_becomes_a_reply_without_its_message(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the caller's text")

    monkeypatch.setattr("worker.service.JOBS", {**JOBS, "synthesis": fail})
    reply = service.run(Job(id="x"), {"text": "hello"})
    assert isinstance(reply, ErrorReply)
    assert (reply.error.code, reply.error.retryable) == ("internal_error", True)
    assert "caller's text" not in reply.error.message
    assert "job failed" in caplog.text


def test_a_finished_job_is_logged_with_figures_and_none_of_its_text(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        service.run(Job(id="x"), {"text": "canary text", "voice": "canary voice"})
        service.run(Job(id="x"), {"text": "canary text"})
    done = [record for record in caplog.records if record.getMessage() == "job done"]
    assert [record.figures["outcome"] for record in done] == ["unknown_voice", "ok"]  # type: ignore[attr-defined]
    assert "canary" not in json.dumps([vars(record) for record in caplog.records], default=str)


def test_closing_the_service_closes_its_engines() -> None:
    worker = Worker.load(Settings(engines=("tone",), cache_mb=0))
    closed: list[str] = []

    class Engine:
        name = "engine"

        def close(self) -> None:
            closed.append(self.name)

    engines = type(worker.engines)([Engine()])  # type: ignore[list-item]
    Service(replace(worker, engines=engines)).close()
    assert closed == ["engine"]
