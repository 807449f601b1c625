"""The way of an utterance: to the cache first, else to its engine or those who take over, and back past the guards."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from worker.engines.base import Submit
from worker.jobs.cascade import falling_back_from
from worker.jobs.casting import Casting
from worker.jobs.context import Job, Worker
from worker.takes.cached import cached
from worker.takes.guarded import Prefer, guarded
from worker.takes.live import live_or
from worker.takes.watched import watched

GUARDS = 1
"""To be raised whenever the checks find other faults: what passed them before is then rendered anew."""


def way_of(worker: Worker, job: Job, castings: Sequence[Casting] = ()) -> Submit:
    """Whom the utterances of a job are handed to; `castings` say who takes over for whom.

    What is rendered is judged whole and made again while a check fails; what passes is kept, and heard again by every
    job that asks for the same. What is heard live is judged when it is too late to make it again, and not kept.
    """
    job.cast.update(casting.name for casting in castings)
    retries = worker.settings.guard_retries
    judged: Submit = worker.engines.submit
    rules = "no guards"
    if worker.checks:
        prefer: Prefer = "shortest" if worker.settings.recognition_model else "first"
        judged = guarded(worker.engines.submit, worker.checks, retries=retries, prefer=prefer)
        rules = f"guards {GUARDS}, {retries} retries: {' '.join(check.name for check in worker.checks)}"
    policy = tuple((each.engine, each.voice.id, each.on) for casting in castings for each in casting.understudies)
    submit = falling_back_from(castings, judged, job, worker)
    kept = partial(cached, cache=worker.cache, revision_of=lambda name: f"{worker.engines[name].revision}/{rules}")
    live = kept(watched(worker.engines.submit, worker.checks), policy="live", keeps_any=False)
    return live_or(live, kept(submit, policy=policy))
