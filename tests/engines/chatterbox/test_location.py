"""Checkpoints are found where the operator, the platform or Hugging Face's library put them, and only whole ones."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from worker.engines.chatterbox.layout import published
from worker.engines.chatterbox.location import locate
from worker.engines.chatterbox.member import MEMBERS, Member
from worker.errors import EngineUnavailable
from worker.settings import Settings

TURBO = MEMBERS["turbo"]
OLD, NEW, NEWEST = "a" * 40, "b" * 40, "c" * 40
SOURCES = Path(__file__).parent.parent.parent.parent


@dataclass(frozen=True)
class Machine:
    """The places of one machine, all empty at first."""

    models: Path
    runpod: Path
    hub: Path

    def locate(self, member: Member = TURBO) -> Path:
        return locate(member, Settings(models_dir=self.models, hub_cache_dir=self.hub), runpod_hub=self.runpod)

    def refusal(self, member: Member = TURBO) -> str:
        with pytest.raises(EngineUnavailable) as caught:
            self.locate(member)
        assert str(self.models.parent) not in str(caught.value)
        return str(caught.value)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(models=tmp_path / "models", runpod=tmp_path / "runpod" / "hub", hub=tmp_path / "cache" / "hub")


def put(folder: Path, names: Iterable[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def cached(hub: Path, member: Member = TURBO, revision: str = NEW, *, names: Iterable[str] | None = None) -> Path:
    """A snapshot as Hugging Face's library leaves it: symlinks to blobs."""
    repository = hub / f"models--{member.repository.replace('/', '--')}"
    blobs, snapshot = repository / "blobs", repository / "snapshots" / revision
    blobs.mkdir(parents=True, exist_ok=True)
    snapshot.mkdir(parents=True, exist_ok=True)
    for place, name in enumerate(names or published(member).needed):
        (blobs / str(place)).touch()
        (snapshot / name).symlink_to(Path("..", "..", "blobs", str(place)))
    return snapshot


def name_main(snapshot: Path) -> None:
    refs = snapshot.parent.parent / "refs"
    refs.mkdir(exist_ok=True)
    (refs / "main").write_text(f"{snapshot.name}\n")


@pytest.mark.parametrize("member", MEMBERS.values(), ids=list(MEMBERS))
def test_each_member_is_found_in_each_place(machine: Machine, member: Member) -> None:
    found = [cached(machine.hub, member), cached(machine.runpod, member), put(machine.models, published(member).needed)]
    found += [
        put(machine.models / name, published(member).needed) for name in (member.name, member.repository.split("/")[1])
    ]
    while found:
        assert machine.locate(member) == found[-1]
        (found.pop() / member.file).unlink()
    assert "no complete checkpoint" in machine.refusal(member)


@pytest.mark.parametrize("lacking", published(TURBO).needed)
def test_a_folder_that_lacks_a_file_is_passed_over_for_a_complete_one(machine: Machine, lacking: str) -> None:
    put(machine.models, set(published(TURBO).needed) - {lacking})
    assert f"the closest, in TTS_MODELS_DIR, lacks {lacking}" in machine.refusal()
    complete = cached(machine.hub)
    assert machine.locate() == complete


def test_the_voice_that_comes_with_a_checkpoint_is_not_needed(machine: Machine) -> None:
    assert "conds.pt" not in published(TURBO).needed
    put(machine.models, published(TURBO).needed)
    assert machine.locate() == machine.models


def test_the_snapshot_that_main_names_comes_before_newer_ones(machine: Machine) -> None:
    snapshots = {revision: cached(machine.hub, revision=revision) for revision in (NEW, OLD, NEWEST)}
    for age, revision in enumerate((NEWEST, NEW, OLD)):
        os.utime(snapshots[revision], (1e9 - age, 1e9 - age))
    assert machine.locate() == snapshots[NEWEST]
    name_main(snapshots[OLD])
    assert machine.locate() == snapshots[OLD]
    (snapshots[OLD] / TURBO.file).unlink()
    assert machine.locate() == snapshots[NEWEST]
    (snapshots[NEWEST] / TURBO.file).unlink()
    assert machine.locate() == snapshots[NEW]


@pytest.mark.parametrize("main", ["../../../elsewhere", "/", "", "\0", "d" * 40, "\udcff"])
def test_what_main_names_leads_nowhere_but_to_snapshots(machine: Machine, main: str) -> None:
    snapshot = cached(machine.hub)
    put(machine.hub.parent.parent / "elsewhere", published(TURBO).needed)
    name_main(snapshot)
    (snapshot.parent.parent / "refs" / "main").write_bytes(main.encode(errors="surrogateescape"))
    assert machine.locate() == snapshot


def test_the_platform_may_write_the_repository_in_small_letters(machine: Machine) -> None:
    snapshot = cached(machine.runpod)
    folder = snapshot.parent.parent
    folder.rename(folder.with_name(folder.name.lower()))
    assert machine.locate() == machine.runpod / "models--resembleai--chatterbox-turbo" / "snapshots" / NEW


def test_other_repositories_of_the_cache_are_left_alone(machine: Machine) -> None:
    cached(machine.hub, MEMBERS["nano"], names=published(TURBO).needed)
    assert "ResembleAI/chatterbox-turbo" in machine.refusal()


def test_broken_links_loops_and_files_in_place_of_folders_hold_nothing(machine: Machine) -> None:
    snapshot = cached(machine.hub)
    for blob in (snapshot.parent.parent / "blobs").iterdir():
        blob.unlink()
    machine.runpod.parent.mkdir()
    machine.runpod.write_text("no folder")
    machine.models.symlink_to(machine.models)
    message = machine.refusal()
    assert "the closest" not in message


def test_nothing_anywhere_says_where_it_was_looked_for_and_how_to_get_it(machine: Machine) -> None:
    assert machine.refusal() == (
        "chatterbox-turbo: no complete checkpoint of ResembleAI/chatterbox-turbo in TTS_MODELS_DIR, RunPod's cached "
        "models and the Hugging Face cache (TTS_HUB_CACHE_DIR or HF_HOME); get it with "
        "`python -m builder.fetch_models chatterbox-turbo` and set TTS_MODELS_DIR to the folder it names"
    )
    with pytest.raises(EngineUnavailable, match=r"in TTS_MODELS_DIR \(unset\), RunPod"):
        locate(TURBO, Settings(hub_cache_dir=machine.hub), runpod_hub=machine.runpod)


def test_of_incomplete_folders_the_closest_is_described(machine: Machine) -> None:
    put(machine.models, [TURBO.speaker_file])
    cached(machine.runpod, names=published(TURBO).needed[2:])
    expected = f"the closest, in RunPod's cached models, lacks {TURBO.file}, {TURBO.speech_file};"
    assert expected in machine.refusal()


def test_a_multilingual_checkpoint_of_the_version_before_says_which_engine_speaks_with_it(machine: Machine) -> None:
    cached(machine.runpod, MEMBERS["multilingual-v2"])
    message = machine.refusal(MEMBERS["multilingual"])
    assert (
        "lacks t3_mtl23ls_v3.safetensors; to speak with what is there set TTS_ENGINES=chatterbox-multilingual-v2"
        in (message)
    )
    assert machine.locate(MEMBERS["multilingual-v2"])
    (machine.locate(MEMBERS["multilingual-v2"]) / "ve.pt").unlink()
    put(machine.models, [*published(MEMBERS["original"]).needed, "ve.pt", "s3gen.pt", "Cangjie5_TC.json"])
    message = machine.refusal(MEMBERS["multilingual"])
    assert "in TTS_MODELS_DIR, lacks" in message
    assert "TTS_ENGINES" not in message


def test_folders_and_files_that_may_not_be_read_count_as_missing() -> None:
    code = """
import os, sys; from pathlib import Path; from worker.engines.chatterbox.location import *
root = Path(sys.argv[1])
os.geteuid() or os.setuid(65_534)  # root may read everything
settings = Settings(models_dir=root / "models", hub_cache_dir=root / "hub")
try: print(locate(MEMBERS["turbo"], settings, runpod_hub=root / "runpod"))
except EngineUnavailable as error: print(error)
"""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        (put(root / "models", published(TURBO).needed) / TURBO.file).chmod(0)
        cached(root / "runpod").chmod(0)
        (root / "hub").mkdir(mode=0)
        done = subprocess.run(
            [sys.executable, "-c", code, folder],
            cwd=SOURCES,
            capture_output=True,
            text=True,
            check=False,
        )
        cached(root / "runpod", revision=NEWEST).chmod(0o755)
        (root / "hub").chmod(0o755)
    assert f"the closest, in TTS_MODELS_DIR, lacks {TURBO.file};" in done.stdout, done.stderr


def test_the_usual_cache_is_looked_into_where_no_setting_names_one(machine: Machine) -> None:
    snapshot = cached(machine.hub.parent / ".cache" / "huggingface" / "hub")
    code = "from worker.engines.chatterbox.location import *; print(locate(MEMBERS['turbo'], Settings()))"
    home = {"HOME": str(machine.hub.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SOURCES, env=home, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == str(snapshot), done.stderr
