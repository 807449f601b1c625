"""The way of an utterance: to the cache first, else to its engine, and back past the guards."""

from __future__ import annotations

from worker.engines.base import Submit
from worker.jobs.context import Worker
from worker.takes.cached import cached
from worker.takes.guarded import guarded

GUARDS = 1
"""To be raised whenever the checks find other faults: what passed them before is then rendered anew."""


def way_of(worker: Worker) -> Submit:
    """Whom the utterances of a job are handed to.

    What is rendered is judged whole and made again while a check fails; what passes is kept, and heard again by every
    job that asks for the same.
    """
    retries = worker.settings.guard_retries
    judged = guarded(worker.engines.submit, worker.checks, retries=retries) if worker.checks else worker.engines.submit
    rules = f"guards {GUARDS}, {retries} retries" if worker.checks else "no guards"
    return cached(judged, worker.cache, lambda name: f"{worker.engines[name].revision}/{rules}")
