"""Prompts: what utterances of a voice have in common is computed once, whoever asks and whatever else differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Barrier
from unittest.mock import MagicMock, patch

import pytest
import torch

from tests.engines.chatterbox.conftest import Pair
from tests.engines.chatterbox.job import Job, jobs_for
from worker.engines.chatterbox.decoder.decoder import Decoder
from worker.engines.chatterbox.decoder.prefill import Prompt
from worker.engines.chatterbox.prompts import USUAL_IDS, Prompts

THREADS = 8


@pytest.fixture
def pair(pairs: Callable[[str], Pair]) -> Pair:
    return pairs("original")


@contextmanager
def counted(decoder: Decoder) -> Iterator[tuple[MagicMock, MagicMock]]:
    """How often its `opening` and its `wordless` are asked for."""
    with ExitStack() as stack:
        opening, wordless = (
            stack.enter_context(patch.object(decoder, name, wraps=getattr(decoder, name)))
            for name in ("opening", "wordless")
        )
        yield opening, wordless


def prompt(prompts: Prompts, job: Job, *, guided: bool = True) -> Prompt:
    return prompts.of(job.voice, job.text, exaggeration=job.exaggeration, guided=guided)


def test_threads_that_speak_in_a_new_voice_at_once_compute_what_they_have_in_common_once(pair: Pair) -> None:
    decoder, job, together = pair.decoder(), jobs_for(pair.member)[0], Barrier(THREADS)
    prompts = Prompts(decoder)

    def asked(_: int) -> Prompt:
        together.wait(10)
        return prompt(prompts, job)

    with counted(decoder) as (opening, wordless), ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(asked, range(THREADS)))
    assert (opening.call_count, wordless.call_count) == (1, 1)
    assert len({id(one.opening) for one in made}) == len({id(one.wordless) for one in made}) == 1


def test_another_exaggeration_reuses_the_opening_and_says_what_upstream_says(pair: Pair) -> None:
    decoder, first = pair.decoder(), jobs_for(pair.member)[0]
    prompts, second = Prompts(decoder), replace(first, exaggeration=1.7)
    with counted(decoder) as (opening, wordless):
        for job in (first, second, first, second):
            slot = decoder.admit(prompt(prompts, job), job.sampling, seed=job.seed, token_limit=job.token_limit)
            while slot.end is None:
                decoder.step()
            assert slot.tokens == job.upstream(pair.t3)
    assert (opening.call_count, wordless.call_count) == (1, 2)


def test_a_warmed_voice_has_all_that_a_usual_text_needs(pair: Pair) -> None:
    decoder, job = pair.decoder(), jobs_for(pair.member)[0]
    prompts = Prompts(decoder)
    prompts.warm(job.voice, exaggeration=job.exaggeration, guided=True)
    with counted(decoder) as (opening, wordless):
        usual = replace(job, text=torch.ones(USUAL_IDS, dtype=torch.long))
        assert prompt(prompts, usual).positions == 1 + USUAL_IDS + 1 + 1
    assert (opening.call_count, wordless.call_count) == (0, 0)


def test_a_text_without_guidance_needs_no_row_without_words(pair: Pair) -> None:
    decoder, job = pair.decoder(), jobs_for(pair.member)[0]
    with counted(decoder) as (_, wordless):
        assert prompt(Prompts(decoder), job, guided=False).rows == 1
    assert wordless.call_count == 0


def test_what_is_kept_of_voices_stays_within_its_bytes_and_what_went_is_made_again(pair: Pair) -> None:
    decoder, jobs = pair.decoder(), jobs_for(pair.member)[:2]
    first = prompt(Prompts(decoder), jobs[0])
    assert first.wordless is not None
    prompts = Prompts(decoder, max_bytes=first.opening.nbytes + first.wordless.nbytes)
    with counted(decoder) as (opening, wordless):
        for job in (jobs[0], jobs[0], jobs[1], jobs[0]):
            again = prompt(prompts, job)
    assert (opening.call_count, wordless.call_count) == (3, 3)
    assert torch.equal(again.opening, first.opening)
