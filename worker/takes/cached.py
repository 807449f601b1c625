"""Caching takes: an utterance that was rendered before is heard again, and one under way is rendered once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial

from worker.cache.cache import Cache
from worker.cache.key import key_of
from worker.engines.base import Submit, Take, Utterance, Verdict
from worker.takes.understudy import StoodIn


def cached(
    submit: Submit,
    cache: Cache,
    revision_of: Callable[[str], str],
    *,
    policy: Hashable = None,
    keeps_failed: bool = False,
    keeps_any: bool = True,
) -> Submit:
    """`submit`, asked only for what the cache does not have.

    What is in memory is found when it is submitted. Where there are slow tiers, they are asked in the background from
    then on and `submit` is called there if they have nothing; else it is called at once, so that an engine which
    batches has the utterance under way. Either way nothing is read before somebody listens. An utterance without a
    text goes straight through: a recording says what it says.

    A fallback that remembers who speaks the rest of a job stands around this, not inside: what is shared and kept must
    not depend on the job.

    Args:
        submit: whom utterances that are not found are handed to.
        cache: the worker's.
        revision_of: by an engine's name, what changes with the rendering that is kept: the engine's revision and that
            of the guards.
        policy: what else decides how an utterance is rendered, such as the engines to fall back to. Only jobs of equal
            policies share a take that is under way; what is kept serves all.
        keeps_failed: whether a rendering is kept that fails a check or stops short.
        keeps_any: whether any is kept; what others have kept is found either way.
    """

    def submit_cached(utterance: Utterance) -> Take:
        if not utterance.text:
            return submit(utterance)
        key = key_of(utterance, revision_of(utterance.engine))
        return cache.take(
            key,
            partial(submit, utterance),
            keeps=partial(_is_worth_keeping, utterance, keeps_failed=keeps_failed) if keeps_any else _is_nothing,
            policy=(policy, keeps_failed, keeps_any),
        )

    return submit_cached


def _is_nothing(verdict: Verdict) -> bool:  # noqa: ARG001 - whatever it says
    return False


def _is_worth_keeping(utterance: Utterance, verdict: Verdict, *, keeps_failed: bool) -> bool:
    """Whether it may be heard in place of a new rendering: another engine's may not, when the first is well again."""
    if isinstance(verdict, StoodIn):  # it may be the same engine in another voice
        return False
    if verdict.engine != utterance.engine or any(each.engine != utterance.engine for each in verdict.rejected):
        return False
    return keeps_failed or (not verdict.failed and verdict.end == "complete")
