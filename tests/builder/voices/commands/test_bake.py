"""Engines enrol the voices: once per revision, whatever becomes of single ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from builder.random_checkpoint import write
from builder.voices.enrolment import enrol
from builder.voices.folder import LibraryFolder
from tests.builder.voices.conftest import Tool
from tests.jobs.speakers import sung
from voice_library.embedding_file import read_voice
from voice_library.voice import Embedding, Reference, Voice
from worker.engines.chatterbox.member import MEMBERS
from worker.engines.tone import F0, ToneEngine

OLD = "tone/0"


def aged(voice: Voice) -> Voice:
    """As an older revision of the engine left it."""
    return replace(voice, embeddings={OLD: Embedding({F0: np.array([100], dtype=np.float32)})})


def test_what_is_up_to_date_is_left_alone(tool: Tool) -> None:
    before = tool.file("sample-grace").stat()
    rows = tool("bake")
    assert {row["status"] for row in rows} == {"up to date"}
    assert len(rows) == 8
    assert tool.file("sample-grace").stat().st_mtime_ns == before.st_mtime_ns


def test_force_makes_it_again(tool: Tool) -> None:
    [row] = tool("bake", "Grace", "--force", "--engines", "tone")
    assert (row["voice"], row["status"]) == ("sample-grace", "made")


@pytest.mark.parametrize(("flags", "left"), [((), ["tone/1"]), (("--keep-old",), [OLD, "tone/1"])])
def test_older_revisions_go_unless_they_are_to_stay(tool: Tool, flags: tuple[str, ...], left: list[str]) -> None:
    LibraryFolder(path=tool.folder).change("sample-grace", aged)
    [row] = tool("bake", "sample-grace", *flags)
    assert row["status"] == "made"
    assert sorted(read_voice(tool.file("sample-grace")).embeddings) == left
    assert tool("show", "sample-grace", "--no-png")["embeddings"].keys() == set(left)
    assert tool("verify") == []


def test_a_voice_that_fails_holds_up_no_other_and_keeps_what_it_had(tool: Tool) -> None:
    folder = LibraryFolder(path=tool.folder)
    hiss = np.random.default_rng(1).standard_normal(48_000).astype(np.float32) * 0.1
    folder.change("sample-grace", lambda voice: aged(replace(voice, reference=_reference(hiss))))
    folder.change("sample-henry", aged)
    rows = tool("bake", code=1)
    failed, made = (next(row for row in rows if row["voice"] == name) for name in ("sample-grace", "sample-henry"))
    assert failed["status"] == "failed"
    assert "pitch" in failed["problem"]
    assert made["status"] == "made"
    assert set(read_voice(tool.file("sample-grace")).embeddings) == {OLD}


def test_engines_that_do_not_clone_are_told(tool: Tool) -> None:
    tool("bake", "--engines", "espeak", code=1)
    assert "none of these engines clones" in tool.told
    tool("bake", "--engines", "tune", code=1)
    assert "no engine 'tune'" in tool.told


def test_a_voice_without_a_recording_cannot_be_enrolled(tool: Tool) -> None:
    [row] = tool("bake", "sarah", "--engines", "tone", code=1)
    assert "no recording" in row["problem"]


def test_a_recording_that_is_replaced_meanwhile_is_enrolled_instead(tool: Tool) -> None:
    folder = LibraryFolder(path=tool.folder)
    folder.change("sample-grace", lambda voice: replace(voice, embeddings={}))

    class Interrupted(ToneEngine):
        """While it enrols for the first time, somebody else replaces the recording and adds a tag."""

        def enroll(self, reference: Reference) -> Embedding:
            made = super().enroll(reference)
            if reference.sample_rate != 24_000:
                replaced = Reference(samples=sung(150).samples, sample_rate=24_000)
                folder.change("sample-grace", lambda voice: replace(voice, reference=replaced, tags=("theirs",)))
            return made

    engine = Interrupted()
    [told] = enrol(folder, "sample-grace", [engine])
    voice = read_voice(tool.file("sample-grace"))
    assert told.status == "made"
    assert voice.tags == ("theirs",)
    assert voice.embeddings[engine.embedding_key][F0][0] == pytest.approx(150, rel=0.02)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("models")
    write(replace(MEMBERS["nano"], layers=2, hidden=192, blocks=1), root / "nano")
    yield root
    torch.set_num_threads(threads)


def test_a_neural_engine_speaks_from_what_was_baked_without_the_recording(
    tool: Tool, models: Path, tmp_path: Path
) -> None:
    tool.environment |= {"TTS_MODELS_DIR": str(models), "TTS_DEVICE": "cpu", "TTS_GUARDS": "false"}
    rows = tool("bake", "sample-grace", "--engines", "tone,chatterbox-nano")
    assert [(row["engine"], row["status"]) for row in rows] == [("tone", "up to date"), ("chatterbox-nano", "made")]
    LibraryFolder(path=tool.folder).change("sample-grace", lambda voice: replace(voice, reference=None))
    told = tool(
        "preview", "sample-grace", "--engine", "chatterbox-nano", "--text", "Hi.", "--out", tmp_path / "said.wav"
    )
    assert (told["engine"], told["voice"]) == ("chatterbox-nano", "sample-grace")
    assert told["seconds"] > 0


def _reference(samples: np.ndarray) -> Reference:
    return Reference(samples=samples, sample_rate=24_000)
