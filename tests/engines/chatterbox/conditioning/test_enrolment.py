"""Enrolment makes upstream's numbers of the same samples, and leaves nothing behind."""

from __future__ import annotations

import logging
import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.engines.chatterbox.conditioning.conftest import Enroller
from tests.engines.chatterbox.conditioning.recordings import cut, wav
from tests.engines.chatterbox.conditioning.upstream import prepared
from voice_library.voice import Embedding, Reference
from worker.audio.decode import decode
from worker.engines.chatterbox.conditioning.conditioning import NAMES, SPEAKER, TOKENS, X_VECTOR, Conditioning
from worker.engines.chatterbox.conditioning.enrolment import Enrolment, limits
from worker.engines.chatterbox.conditioning.recording import Recording
from worker.engines.chatterbox.hearing.hearing import Hearing
from worker.engines.chatterbox.member import MEMBERS
from worker.engines.chatterbox.tensors import Tensors
from worker.errors import InvalidReference

Speakers = tuple[Reference, Reference]

ROUNDING = 2e-6
"""Of an embedding's length: sums of single precision in another order."""


def same(one: Conditioning, other: Conditioning) -> bool:
    ours, theirs = one.to_embedding(), other.to_embedding()
    return all(np.array_equal(ours[name], theirs[name]) for name in NAMES)


def assert_upstreams(embedding: Embedding, expected: dict[str, np.ndarray]) -> None:
    for name in NAMES:
        ours, theirs = embedding[name][None], expected[name]
        assert ours.shape == theirs.shape, name
        if name in (SPEAKER, X_VECTOR):
            assert np.linalg.norm(ours - theirs) <= ROUNDING * np.linalg.norm(theirs), name
        else:
            assert np.array_equal(ours, theirs), name


@dataclass(frozen=True, kw_only=True)
class File:
    """What a recording is saved as before upstream and we hear it."""

    name: str
    member: str
    seconds: float
    sample_rate: int = 22_050
    channels: int = 1


FILES = [
    File(name="the original, more than it hears", member="original", seconds=10.5),
    File(name="the original, at a rate that needs no resampling", member="original", seconds=4.0, sample_rate=24_000),
    File(name="the original, half a token at the end", member="original", seconds=2.03),
    File(name="multilingual, studio", member="multilingual", seconds=6.53, sample_rate=44_100, channels=2),
    File(name="Turbo, more than it hears", member="turbo", seconds=15.5),
    File(name="Turbo, telephone", member="turbo", seconds=5.5, sample_rate=8_000),
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_makes_upstreams_numbers_of_the_same_file(
    file: File, enrollers: Callable[[str], Enroller], speakers: Speakers, tmp_path: Path
) -> None:
    enroller, path = enrollers(file.member), tmp_path / "recording.wav"
    path.write_bytes(wav(cut(speakers[0], file.seconds), sample_rate=file.sample_rate, channels=file.channels))
    expected = prepared(enroller.member, enroller.voice_encoder, enroller.s3gen, path)
    clip = decode(path.read_bytes())
    embedding = enroller.enrolment.of(Reference(samples=clip.samples, sample_rate=clip.sample_rate)).to_embedding()
    assert len(set(embedding[TOKENS].tolist())) > 20, "the tokens say something"
    assert_upstreams(embedding, expected)


def test_half_a_token_at_the_end_has_one_frame_of_sound(original: Enroller, speakers: Speakers) -> None:
    conditioning = original.enrolment.of(cut(speakers[0], 2.03))
    assert (len(conditioning.tokens), len(conditioning.mel), len(conditioning.prompt)) == (50, 101, 51)


def test_turbo_takes_a_recording_too_quiet_to_be_measured_as_it_is(
    enrollers: Callable[[str], Enroller], speakers: Speakers, tmp_path: Path
) -> None:
    turbo = enrollers("turbo")
    quiet = cut(speakers[0], 5.5, gain=2e-4)
    path = tmp_path / "recording.wav"
    path.write_bytes(wav(quiet))
    expected = prepared(turbo.member, turbo.voice_encoder, turbo.s3gen, path)
    embedding = turbo.enrolment.of(quiet).to_embedding()
    assert_upstreams(embedding, expected)


def test_the_tokenizer_runs_once(original: Enroller, speakers: Speakers, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, runs = original.hearing.tokens, []

    def counted(*waves: torch.Tensor) -> object:
        runs.append([len(wave) for wave in waves])
        return tokens(*waves)

    monkeypatch.setattr(original.hearing, "tokens", counted)
    original.enrolment.of(speakers[0])
    assert runs == [[96_000, 160_000]]


def test_the_same_recording_gives_the_same_numbers_whoever_came_between(original: Enroller, speakers: Speakers) -> None:
    one, other = cut(speakers[0], 2.0), cut(speakers[1], 1.5)
    first, between, again = original.enrolment.of(one), original.enrolment.of(other), original.enrolment.of(one)
    assert same(first, again)
    assert not np.array_equal(first.x_vector, between.x_vector)


def test_two_threads_at_once_get_what_each_gets_alone(original: Enroller, speakers: Speakers) -> None:
    references = [cut(speakers[index % 2], 1.0 + index / 4) for index in range(4)]
    alone = [original.enrolment.of(reference) for reference in references]
    fresh = Enrolment(lambda: original.hearing, original.member)
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(fresh.of, references))
    assert all(map(same, alone, together))


def test_nobodys_random_numbers_move(original: Enroller, speakers: Speakers) -> None:
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    original.enrolment.of(cut(speakers[0], 2.0))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert random.getstate() == before[2]


def test_nothing_is_printed_logged_or_written(
    original: Enroller, speakers: Speakers, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    overdriven = Reference(samples=np.clip(speakers[0].samples * 9, -1, 1), sample_rate=speakers[0].sample_rate)
    with caplog.at_level(logging.DEBUG), files_written() as written:
        original.enrolment.of(overdriven)
        original.enrolment.of(cut(overdriven, 2.03))
    assert (*capfd.readouterr(), caplog.messages, written) == ("", "", [], [])


@pytest.mark.parametrize(("name", "seconds"), [("original", 0.99), ("multilingual", 0.99), ("turbo", 4.99)])
def test_a_recording_that_is_too_short_is_refused_with_both_lengths(
    name: str, seconds: float, enrollers: Callable[[str], Enroller], speakers: Speakers
) -> None:
    with pytest.raises(
        InvalidReference, match=rf"has {seconds} s; chatterbox\S* needs {limits(MEMBERS[name]).min_sec:g} s"
    ):
        enrollers(name).enrolment.of(cut(speakers[0], seconds))


@pytest.mark.parametrize("name", ["original", "turbo"])
def test_the_shortest_recording_that_is_accepted_works(
    name: str, enrollers: Callable[[str], Enroller], speakers: Speakers
) -> None:
    shortest = limits(MEMBERS[name]).min_sec
    assert len(enrollers(name).enrolment.of(cut(speakers[0], shortest)).tokens) == 25 * shortest


def test_of_a_recording_longer_than_a_minute_the_first_minute_is_heard(speakers: Speakers) -> None:
    rate = 8_000
    sound = np.resize(decode(wav(speakers[0], sample_rate=rate)).samples, 61 * rate)
    longer, minute = (
        Recording.of(Reference(samples=samples, sample_rate=rate), None) for samples in (sound, sound[: 60 * rate])
    )
    assert len(longer.narrow) == 60 * 16_000
    assert np.array_equal(longer.narrow, minute.narrow)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (np.zeros_like, "silent"),
        (lambda samples: samples * np.float32(1e-6), "silent"),
        (lambda samples: samples + np.float32(np.nan), "not finite"),
        (lambda samples: np.append(samples[1:] / 1000, np.float32(1.0)), "click or a bang of 0.0"),
    ],
    ids=["zeros", "next to nothing", "NaN", "a bang and next to nothing"],
)
def test_a_recording_without_a_voice_is_refused(
    spoil: Callable[[np.ndarray], np.ndarray], reason: str, original: Enroller, speakers: Speakers
) -> None:
    spoilt = Reference(samples=spoil(cut(speakers[0], 2.0).samples), sample_rate=speakers[0].sample_rate)
    with pytest.raises(InvalidReference, match=reason):
        original.enrolment.of(spoilt)


def test_a_recording_of_which_no_finite_numbers_come_is_refused(original: Enroller, speakers: Speakers) -> None:
    speaker = {**original.speaker, "proj.weight": torch.zeros(256, 256), "proj.bias": torch.full((256,), -1.0)}
    deaf = Hearing(Tensors(original.speech, "speech"), Tensors(speaker, "speaker"), blocks=1)
    with pytest.raises(InvalidReference, match=r"t3\.speaker_emb has values that are not finite"):
        Enrolment(lambda: deaf, original.member).of(cut(speakers[0], 2.0))


def test_each_member_says_how_long_a_recording_it_wants() -> None:
    said = {name: limits(member) for name, member in MEMBERS.items()}
    assert {name: (each.min_sec, each.good_sec, each.heard_sec) for name, each in said.items()} == {
        "original": (1, 10, 10),
        "multilingual": (1, 10, 10),
        "multilingual-v2": (1, 10, 10),
        "turbo": (5, 10, 15),
        "nano": (5, 10, 15),
    }


@contextmanager
def files_written() -> Iterator[list[str]]:
    """Names of the files that are opened to be written meanwhile; a hook stays, but sees nothing more."""
    written: list[str] = []
    watching = True

    def hook(event: str, given: tuple[object, ...]) -> None:
        if watching and event == "open" and isinstance(given[1], str) and set(given[1]) & set("wax+"):
            written.append(str(given[0]))

    sys.addaudithook(hook)
    yield written
    watching = False
