"""What the catalogues of older workers tell of their voices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builder.voices.legacy.errors import NotAVoiceFile, TooLarge, UnusableCatalog
from builder.voices.legacy.voice import LegacyProblem, LegacyVoice
from tests.builder.voices.legacy.older_worker import fields, outcomes, put

ENTRY = {"name": "Léa", "language": "fr-FR", "gender": "Female", "description": "warm\n and low"}


def folder_with(folder: Path, catalog: object = None, mapping: object = None) -> list[LegacyVoice | LegacyProblem]:
    for stem in ("creole_male", "lea"):
        put(folder, f"{stem}.pkl.gz", fields())
    if catalog is not None:
        (folder / "voice_catalog.json").write_text(json.dumps(catalog))
    if mapping is not None:
        (folder / "name_mapping.json").write_text(json.dumps(mapping))
    return outcomes(folder)


def lea_in(found: list[LegacyVoice | LegacyProblem]) -> LegacyVoice:
    assert not [str(one.error) for one in found if isinstance(one, LegacyProblem)]
    return next(one for one in found if isinstance(one, LegacyVoice) and one.stem == "lea")


def messages(found: list[LegacyVoice | LegacyProblem]) -> list[str]:
    assert len([one for one in found if isinstance(one, LegacyVoice)]) == 2, "a bad catalogue loses no voice"
    return [str(one.error) for one in found if isinstance(one, LegacyProblem)]


@pytest.mark.parametrize(
    "catalog",
    [
        {"lea": ENTRY},
        {"lea.pkl.gz": {**ENTRY}},
        [{**ENTRY, "file": "lea.pkl.gz"}],
        [{**ENTRY, "file": "/app/voices/lea.pkl.gz"}],
        [{**ENTRY, "filename": "..\\voices\\lea.pkl"}],
        [{**ENTRY, "id": "lea"}],
        {"voices": [{**ENTRY, "voice_id": "lea"}]},
        {"voices": {"lea": ENTRY}},
    ],
)
def test_an_entry_is_found_by_key_file_or_id(tmp_path: Path, catalog: object) -> None:
    lea = lea_in(folder_with(tmp_path, catalog))
    assert lea.names[0] == "Léa"
    assert lea.names[-1] == "lea"
    assert (lea.language, lea.gender, lea.description) == ("fr-FR", "female", "warm and low")


def test_a_voice_that_no_catalogue_knows_has_its_stem_as_its_name(tmp_path: Path) -> None:
    lea = lea_in(folder_with(tmp_path))
    assert (lea.names, lea.language, lea.gender, lea.description) == (("lea",), None, None, None)


@pytest.mark.parametrize(
    "mapping",
    [
        {"Léa": "lea", "Narrator": "creole_male"},
        {"lea": "Léa", "creole_male": "Narrator"},
        {"Léa": "lea.pkl.gz"},
        {"lea.pkl.gz": "Léa"},
        {"Léa": "voices/lea.pkl.gz"},
    ],
)
def test_names_are_mapped_either_way_round(tmp_path: Path, mapping: object) -> None:
    assert lea_in(folder_with(tmp_path, mapping=mapping)).names == ("Léa", "lea")


def test_the_best_name_is_the_catalogues_then_the_mapped_ones_then_its_key_and_last_the_stem(tmp_path: Path) -> None:
    catalog = {"french": {"name": "Léa", "file": "lea.pkl.gz"}}
    lea = lea_in(folder_with(tmp_path, catalog, {"Madame": "lea", "Miss": "lea", "Léa": "lea"}))
    assert lea.names == ("Léa", "Madame", "Miss", "french", "lea")


def test_an_entry_under_a_mapped_name_is_that_voices(tmp_path: Path) -> None:
    assert lea_in(folder_with(tmp_path, {"Madame": {"language": "fr"}}, {"Madame": "lea"})).language == "fr"


@pytest.mark.parametrize(
    ("catalog", "message"),
    [
        (5, "'voice_catalog.json' is neither an object nor a list; write it as {name: {language, gender, …}}"),
        ({"gone": {}}, "describes voices that have no file here; add the files or remove the entries: 'gone'"),
        ([{"name": "Gone"}], "no file here; add the files or remove the entries: 'Gone'"),
        ([{}], "no file here; add the files or remove the entries: one without a name"),
        ({"lea": "fr"}, "has entries that are no objects"),
        ([{"id": "lea"}, {"id": "lea"}], "describes voices twice, of which the first counts; remove the other: 'lea'"),
        ({"lea": {"gender": "robot"}}, "has genders other than female, male and neutral; correct them: 'lea'"),
        ({"lea": {"language": 5}}, "has languages that are no short text"),
        ({"lea": {"description": "x" * 1001}}, "has descriptions that are no text of up to 1000 characters"),
        ({"lea": {"name": "../../etc/passwd"}}, "has names that are not short and printable, or paths"),
        ({"lea": {"name": "a\x1b[31m"}}, "has names that are not short and printable"),
        ({"lea": {"name": "x" * 65}}, "has names that are not short and printable"),
    ],
)
def test_what_a_catalogue_says_in_vain_is_reported_by_what_to_do(tmp_path: Path, catalog: object, message: str) -> None:
    (found,) = messages(folder_with(tmp_path, catalog))
    assert message in found
    assert found.startswith("'voice_catalog.json' ")


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ([], "'name_mapping.json' is no object of names; write it as {name: file} or {file: name}"),
        ({"Léa": "lea", "Gone": "gone"}, "maps names to voices that have no file here"),
        ({"Léa": "lea", "x": 5}, "maps names to voices that have no file here"),
        ({"../Léa": "lea"}, "maps something other than short, printable names; correct them: 'lea'"),
        ({"lea": ["Léa"]}, "maps something other than short, printable names"),
    ],
)
def test_what_a_mapping_says_in_vain_is_reported(tmp_path: Path, mapping: object, message: str) -> None:
    (found,) = messages(folder_with(tmp_path, mapping=mapping))
    assert message in found


def test_a_thousand_like_faults_make_one_message(tmp_path: Path) -> None:
    (found,) = messages(folder_with(tmp_path, {f"gone{i}": {} for i in range(1000)}))
    assert found.endswith(": 'gone0', 'gone1', 'gone2' and 997 more")


@pytest.mark.parametrize("file", ["voice_catalog.json", "name_mapping.json"])
@pytest.mark.parametrize("text", ["", "{", '{"a": 1, "a": 2}', "[NaN]", "[" * 100_000, "\udcff"])
def test_a_catalogue_that_is_no_json_is_a_problem_and_loses_no_voice(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_bytes(text.encode(errors="surrogateescape"))
    found = folder_with(tmp_path)
    assert len(messages(found)) == 1
    assert isinstance(found[0], LegacyProblem)
    assert isinstance(found[0].error, UnusableCatalog)


def test_a_catalogue_of_more_than_a_mebibyte_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "voice_catalog.json").write_text(" " * 2**20 + "{}")
    (problem,) = outcomes(tmp_path)
    assert isinstance(problem, LegacyProblem)
    assert isinstance(problem.error, TooLarge)


def test_a_path_in_a_catalogue_is_never_opened(tmp_path: Path) -> None:
    put(tmp_path, "outside.pkl", fields())
    folder = tmp_path / "voices"
    folder.mkdir()
    catalog = [{"file": "../outside.pkl"}, {"file": str(tmp_path / "outside.pkl")}]
    found = folder_with(folder, catalog, {"Outside": "../outside.pkl"})
    assert {one.stem for one in found if isinstance(one, LegacyVoice)} == {"lea", "creole_male"}
    assert len(messages(found)) == 2


def test_a_catalogue_that_is_a_folder_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "voice_catalog.json").mkdir()
    (problem,) = outcomes(tmp_path)
    assert isinstance(problem, LegacyProblem)
    assert isinstance(problem.error, NotAVoiceFile)
