"""The priority of a job goes with each of its utterances, and changes nothing that is heard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from worker.jobs.context import Job, Worker
from worker.jobs.plan import Plan, plan_of
from worker.reply import ErrorReply, Reply
from worker.request import SynthesisRequest, parse
from worker.service import Service
from worker.settings import Settings

TEXT = "One sentence. [pause:2s] Another one, which is a little longer."
REQUESTS = {
    "synthesis": {"text": TEXT},
    "tagged": {"text": f"[voice:sarah] {TEXT}", "voice_tags": True},
    "dialogue": {"type": "dialogue", "segments": [{"text": TEXT}, {"text": "And a reply."}]},
    "long_text": {"type": "long_text", "text": TEXT, "delivery": "inline"},
}


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker.load(Settings(cache_mb=0))
    yield worker
    worker.close()


@pytest.mark.parametrize("name", list(REQUESTS))
@pytest.mark.parametrize("asked", [None, "interactive"])
def test_each_utterance_says_whose_it_is_and_in_what_haste(
    name: str, asked: str | None, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, submit = [], worker.engines.submit
    monkeypatch.setattr(worker.engines, "submit", lambda utterance: seen.append(utterance) or submit(utterance))  # type: ignore[func-returns-value]
    request = {**REQUESTS[name], **({"priority": asked} if asked else {})}
    reply: Reply = Service(worker).run(Job(id="job-7"), request)
    assert not isinstance(reply, ErrorReply), reply
    assert len(seen) >= 1
    usual = "batch" if name == "long_text" else "normal"
    assert {(utterance.job, utterance.priority) for utterance in seen} == {("job-7", asked or usual)}


def test_a_priority_makes_no_other_file_of_a_recording(worker: Worker) -> None:
    plans = [_plan(worker, priority=priority) for priority in ("interactive", "normal", "batch")]
    assert len({plan.digest for plan in plans}) == 1
    assert plans[0].digest != _plan(worker, seed=4).digest


def _plan(worker: Worker, **asked: object) -> Plan:
    request = parse({"text": "x", "engine": "espeak", "seed": 3, **asked})
    assert isinstance(request, SynthesisRequest)
    return plan_of(request, Job(id="job-7"), worker, streams=False)
