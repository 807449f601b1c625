"""The folders that older workers leave behind."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from builder.voices.legacy.errors import InaccessibleFile, NotAVoiceFile
from builder.voices.legacy.folder import read_legacy
from builder.voices.legacy.voice import LegacyProblem, LegacyVoice
from tests.builder.voices.legacy.older_worker import (
    RATE,
    fields,
    outcomes,
    problem_in,
    put,
    tone,
    voice_in,
    with_names_of_numpy_1,
)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("file", ["léa.pkl.gz", "léa.pkl"])
def test_a_pickle_of_any_protocol_gives_its_recording_exactly(tmp_path: Path, file: str, protocol: int) -> None:
    put(tmp_path, file, fields(sample_rate=np.int64(RATE)), protocol)
    voice = voice_in(tmp_path)
    assert (voice.file, voice.stem, voice.names, voice.sample_rate) == (file, "léa", ("léa",), RATE)
    assert voice.samples.dtype == np.float32
    np.testing.assert_array_equal(voice.samples, tone())
    assert voice.duration_sec == pytest.approx(0.1)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_written_by_numpy_1_is_read_as_well(tmp_path: Path, protocol: int) -> None:
    data = with_names_of_numpy_1(pickle.dumps(fields(rate=np.float32(0.5)), protocol))
    assert b"numpy.core." in data
    assert b"numpy._core." not in data
    put(tmp_path, "old.pkl.gz", data)
    np.testing.assert_array_equal(voice_in(tmp_path).samples, tone())


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_what_the_file_has_beyond_its_audio_is_dropped_and_named(tmp_path: Path, protocol: int) -> None:
    beyond = {"speaker": np.str_("Léa"), "tags": ["a", ("b", 1, None)], "embedding": np.zeros((1, 2, 3), np.float16)}
    put(tmp_path, "a.pkl", {**fields(), **beyond, 7: "x", "\n": 1}, protocol)
    assert voice_in(tmp_path).dropped == ("duration", "format", "speaker", "tags", "embedding", "…")


def test_a_set_among_the_fields_is_no_obstacle(tmp_path: Path) -> None:
    put(tmp_path, "a.pkl", fields(tags={"a", "b"}, more=frozenset({"c"})))
    assert voice_in(tmp_path).dropped[-2:] == ("tags", "more")


def test_a_pickled_array_alone_is_the_audio(tmp_path: Path) -> None:
    put(tmp_path, "a.pkl", pickle.dumps(tone()))
    np.testing.assert_array_equal(voice_in(tmp_path, sample_rate=RATE).samples, tone())


def test_a_dict_that_numpy_saved_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array(fields(), dtype=object), allow_pickle=True)
    voice = voice_in(tmp_path)
    assert voice.sample_rate == RATE
    np.testing.assert_array_equal(voice.samples, tone())


def test_a_plain_array_takes_its_sample_rate_from_the_catalogue_before_the_argument(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", tone())
    np.save(tmp_path / "b.npy", tone())
    (tmp_path / "voice_catalog.json").write_text(json.dumps({"a": {"sample_rate": 22050}}))
    assert [voice.sample_rate for voice in outcomes(tmp_path, RATE) if isinstance(voice, LegacyVoice)] == [22050, RATE]


def test_the_sample_rate_in_a_file_counts_more_than_the_argument(tmp_path: Path) -> None:
    put(tmp_path, "a.pkl", fields())
    assert voice_in(tmp_path, sample_rate=8000).sample_rate == RATE


def test_a_plain_array_without_a_sample_rate_is_a_problem_that_says_what_to_do(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", tone())
    assert str(problem_in(tmp_path).error) == (
        "'a.npy' does not tell its sample rate; give one in hertz, or add it to voice_catalog.json"
    )


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_file_gives_its_recording_without_a_look_at_its_other_arrays(tmp_path: Path, save: object) -> None:
    assert callable(save)
    save(tmp_path / "a.npz", audio=tone(), sample_rate=RATE, format="wav", transcript=np.array(None, dtype=object))
    voice = voice_in(tmp_path)
    assert (voice.sample_rate, voice.dropped) == (RATE, ("format", "transcript"))
    np.testing.assert_array_equal(voice.samples, tone())


def test_files_come_in_the_order_of_their_names_one_bad_one_hindering_no_other(tmp_path: Path) -> None:
    for file in ("c.pkl", "a.pkl.gz"):
        put(tmp_path, file, fields())
    put(tmp_path, "b.pkl", b"\x80\x04.")
    assert [type(one) for one in outcomes(tmp_path)] == [LegacyVoice, LegacyProblem, LegacyVoice]
    assert [one.file for one in outcomes(tmp_path)] == ["a.pkl.gz", "b.pkl", "c.pkl"]


def test_the_second_file_of_one_voice_is_a_problem(tmp_path: Path) -> None:
    put(tmp_path, "a.pkl", fields())
    put(tmp_path, "a.pkl.gz", fields())
    voice, problem = outcomes(tmp_path)
    assert isinstance(voice, LegacyVoice)
    assert isinstance(problem, LegacyProblem)
    assert str(problem.error) == "'a.pkl.gz' is a second file of the voice in 'a.pkl'; keep one of them"


@pytest.mark.parametrize("file", ["README.md", "a.wav", ".pkl", "a.pkl.bak"])
def test_a_file_of_another_kind_is_reported_rather_than_passed_over(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_bytes(b"x")
    problem = problem_in(tmp_path)
    assert problem.file == file
    assert isinstance(problem.error, NotAVoiceFile)


def test_a_folder_within_the_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").mkdir()
    assert isinstance(problem_in(tmp_path).error, NotAVoiceFile)


@pytest.mark.parametrize("outside", [True, False])
def test_a_link_is_refused_wherever_it_leads(tmp_path: Path, outside: bool) -> None:
    folder = tmp_path / "voices"
    folder.mkdir()
    target = put(tmp_path if outside else folder, "real.pkl", fields())
    (folder / "a.pkl").symlink_to(target)
    problem = outcomes(folder)[0]
    assert isinstance(problem, LegacyProblem)
    assert str(problem.error) == "'a.pkl' is a link; put the file itself in its place"


def test_a_catalogue_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "voices").mkdir()
    (tmp_path / "secret.json").write_text("{}")
    (tmp_path / "voices" / "voice_catalog.json").symlink_to(tmp_path / "secret.json")
    assert isinstance(problem_in(tmp_path / "voices").error, NotAVoiceFile)


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.pkl")
    assert isinstance(problem_in(tmp_path).error, NotAVoiceFile)


def test_a_folder_that_does_not_exist_is_an_error_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(InaccessibleFile, match="'gone' cannot be listed") as raised:
        next(read_legacy(tmp_path / "gone"))
    assert str(tmp_path) not in str(raised.value)


def test_an_empty_folder_has_nothing(tmp_path: Path) -> None:
    assert outcomes(tmp_path) == []


def test_files_are_read_one_at_a_time(tmp_path: Path) -> None:
    put(tmp_path, "a.pkl", fields())
    late = put(tmp_path, "b.pkl", fields())
    reading = read_legacy(tmp_path)
    assert isinstance(next(reading), LegacyVoice)
    late.write_bytes(b"changed")
    assert isinstance(next(reading), LegacyProblem)
