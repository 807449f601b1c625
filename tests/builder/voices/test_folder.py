"""A library is changed by several at once, and by some that are killed, and is whole at every moment."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from builder.voices.console import Console
from builder.voices.folder import LibraryFolder
from builder.voices.verification import verified
from tests.builder.voices.conftest import Tool
from tests.conftest import Caller
from tests.jobs.speakers import sung
from voice_library.catalog import read_catalog
from voice_library.embedding_file import read_voice, write_voice
from voice_library.errors import NameTaken
from voice_library.library import VoiceLibrary
from voice_library.voice import Reference, Voice
from worker.jobs.context import Worker
from worker.reply import SpeechReply
from worker.service import Service
from worker.settings import REPOSITORY, Settings

BUILDERS, VOICES = 4, 6


def singer(voice_id: str, hertz: float = 200.0) -> Voice:
    reference = Reference(samples=sung(hertz, 2.0).samples, sample_rate=24_000)
    return Voice(
        id=voice_id,
        names=(voice_id.title(),),
        language="en",
        gender="female",
        reference=reference,
        licence="ours",
        consent="yes",
    )


def put(folder: Path, voice: Voice) -> None:
    LibraryFolder(path=folder).put(voice.id, lambda _: voice, replaces=False)


def test_builders_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    together = threading.Barrier(BUILDERS)

    def build(builder: int) -> None:
        together.wait()
        for number in range(VOICES):
            put(tmp_path, singer(f"voice-{builder}-{number}"))

    with ThreadPoolExecutor(BUILDERS) as pool:
        list(pool.map(build, range(BUILDERS)))
    library = VoiceLibrary.load(tmp_path)
    assert {voice.id for voice in library.voices} == {f"voice-{b}-{n}" for b in range(BUILDERS) for n in range(VOICES)}
    assert list(verified(tmp_path, Console(machine=True))) == []


def test_edits_of_one_voice_at_once_are_all_kept(tmp_path: Path) -> None:
    put(tmp_path, singer("anna"))

    def tag(number: int) -> None:
        LibraryFolder(path=tmp_path).change("anna", lambda voice: replace(voice, tags=(*voice.tags, f"tag {number}")))

    with ThreadPoolExecutor(BUILDERS) as pool:
        list(pool.map(tag, range(12)))
    assert sorted(read_voice(tmp_path / "anna.safetensors").tags) == sorted(f"tag {number}" for number in range(12))
    assert list(verified(tmp_path, Console(machine=True))) == []


def test_of_two_that_add_the_same_name_one_is_refused(tmp_path: Path) -> None:
    together = threading.Barrier(2)

    def build(hertz: float) -> float | None:
        together.wait()
        try:
            put(tmp_path, singer("anna", hertz))
        except NameTaken:
            return None
        return hertz

    with ThreadPoolExecutor(2) as pool:
        won = [hertz for hertz in pool.map(build, (150.0, 250.0)) if hertz]
    assert len(won) == 1
    assert read_voice(tmp_path / "anna.safetensors").reference.digest == singer("anna", won[0]).reference.digest


KILLED = """
import os, signal, sys
from pathlib import Path
from builder.voices.__main__ import main
from tests.builder.voices.test_folder import put, singer
from voice_library import embedding_file

def killed_at(step, work):
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    left, fsync = [step], os.fsync
    def sync(descriptor):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        fsync(descriptor)
    embedding_file.os.fsync = sync
    work()
    os._exit(0)

root = Path(sys.argv[1])
for step in range(1, 6):
    for name in ("add", "rename", "tag"):
        folder = root / f"{name}-{step}"
        put(folder, singer("anna"))
        work = {
            "add": lambda: put(folder, singer("berta")),
            "rename": lambda: main(["rename", "anna", "--id", "carla", "--folder", str(folder)], {}),
            "tag": lambda: main(["tag", "anna", "--add", "warm", "--folder", str(folder)], {}),
        }[name]
        print(name, step, killed_at(step, work), file=sys.stderr)
"""


def test_a_builder_killed_at_any_step_leaves_a_library_that_speaks(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    ends = [int(line.split()[-1]) for line in ran.stderr.splitlines()]
    assert ends == [9] * 12 + [0] * 3, "each writes and syncs two files and their folder"
    for folder in sorted(tmp_path.iterdir()):
        library = VoiceLibrary.load(folder)
        known = {voice.id for voice in library.voices}
        assert known in ({"anna"}, {"anna", "berta"}, {"carla"}), folder.name
        for voice in library.voices:
            assert len(voice.reference.samples) == 48_000
        put(folder, singer("dora"))
        assert known | {"dora"} == {voice.id for voice in VoiceLibrary.load(folder).voices}


def test_what_a_killed_builder_left_is_told_and_mended(tool: Tool) -> None:
    voice = replace(read_voice(tool.file("sample-grace")), tags=("written",))
    write_voice(tool.file("sample-grace"), voice)  # and killed before the catalogue was
    problems = {row["problem"] for row in tool("verify", code=1)}
    assert any("sha256" in problem for problem in problems)
    tool("tag", "sample-grace")
    assert tool("verify") == []


def test_a_worker_sees_each_change_and_speaks_on(tool: Tool) -> None:
    settings = Settings(
        engines=("espeak", "tone"), voices_dir=tool.folder, cache_mb=0, guards=False, voices_refresh_sec=0
    )
    watching = Worker.load(settings)
    ask = Caller(Service(watching))
    try:
        assert isinstance(ask(voice="sample-grace", text="la"), SpeechReply)
        tool("rename", "sample-grace", "--id", "grace", "--name", "Grace of now")
        tool("tag", "sample-henry", "--add", "calm", "--alias", "hal")
        tool("bake", "sample-henry", "--force", "--engines", "tone")
        tool("remove", "sample-lena", "--yes")
        watching.upkeep.go_round()
        assert isinstance(ask(voice="grace of now", text="la"), SpeechReply)
        assert isinstance(ask(voice="hal", text="la"), SpeechReply)
        assert ask(voice="sample-lena", text="la").error.code == "unknown_voice"
    finally:
        watching.close()


def test_a_voice_that_a_worker_saved_is_used_and_adopted(tool: Tool) -> None:
    write_voice(tool.file("saved"), singer("saved"))
    assert tool("list", "--search", "saved")[0]["listed"] is False
    assert "in no catalogue" in tool.told
    tool("bake", "saved", "--engines", "tone")
    assert not any(entry.id == "saved" for entry in read_catalog(tool.folder).voices), "only its file has changed"
    assert "tone/1" in read_voice(tool.file("saved")).embeddings
    assert "no catalogue lists it" in tool("verify", code=1)[0]["problem"]
    assert tool("tag", "saved", "--add", "ours")["listed"] is True
    assert tool("verify") == []


def test_without_a_catalogue_saved_voices_are_shown_heard_and_removed(tool: Tool, empty: Tool, tmp_path: Path) -> None:
    empty.folder.mkdir()
    write_voice(empty.file("saved"), singer("saved"))
    assert empty.ids() == ["saved"]
    told = empty("preview", "saved", "--text", "la", "--engine", "tone", "--out", tmp_path / "said.wav")
    assert told["voice"] == "saved"
    empty("remove", "saved", "--yes")
    assert [path.name for path in empty.folder.iterdir()] == [".lock"]


@pytest.mark.parametrize("command", ["list", "verify", "bake"])
def test_a_damaged_file_is_told_and_hides_no_other_voice(tool: Tool, command: str) -> None:
    tool.file("broken").write_bytes(b"no voice file")
    assert "broken" in f"{tool(command, code=0 if command == 'bake' else 1)}{tool.told}"
    assert len(tool("list", code=1)) == 23
