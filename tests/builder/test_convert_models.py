"""A converted checkpoint speaks as the one it was made of, with half the bytes, and takes the same voices."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from builder.convert_models import convert, main
from builder.random_checkpoint import write
from worker.audio.clip import Samples
from worker.engines.base import Utterance
from worker.engines.chatterbox import layout
from worker.engines.chatterbox.checkpoint import read, t3_weights
from worker.engines.chatterbox.conditioning.ears import ears
from worker.engines.chatterbox.engine import Chatterbox
from worker.engines.chatterbox.location import LEAN
from worker.engines.chatterbox.member import MEMBERS, Member
from worker.engines.chatterbox.model import Model
from worker.settings import Settings

TEXT = "Hello there, my friend."
TOKENS = 12


def small(name: str) -> Member:
    member = MEMBERS[name]
    return replace(member, layers=1, blocks=1, **({} if member.guided else {"hidden": 192}))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a member's files, named after its repository."""
    root = tmp_path_factory.mktemp("published")

    @cache
    def folder(name: str) -> Path:
        written = root / name / MEMBERS[name].repository.rpartition("/")[2]
        write(small(name), written)
        return written

    return folder


def said(models: Path, name: str, precision: str = "reference") -> tuple[Samples, str]:
    """What a worker says with the models there, and its key for embeddings."""
    settings = Settings(models_dir=models, batch_size=1, device="cpu", precision=precision, watermark=False)
    model = Model.load(MEMBERS[name], settings)
    with closing(Chatterbox(model, batch_size=1, limit=lambda _: TOKENS)) as engine:
        utterance = Utterance(
            index=0,
            text=TEXT,
            start=0,
            end=len(TEXT),
            engine=engine.name,
            voice=engine.voices[0],
            language="en",
            seed=5,
        )
        (clip,) = engine.submit(utterance)
        return clip.samples, engine.embedding_key


@pytest.mark.parametrize("name", ["original", "multilingual", "nano"])
def test_in_single_precision_it_says_the_same_to_the_last_bit(
    name: str, published: Callable[[str], Path], tmp_path: Path
) -> None:
    convert(small(name), published(name), tmp_path / LEAN / MEMBERS[name].engine, trunk=torch.float32)
    (ours, key), (theirs, their_key) = said(tmp_path, name), said(published(name).parent, name)
    assert np.array_equal(ours, theirs)
    assert key == their_key


def test_in_half_precision_matrices_are_halved_and_nothing_else(
    published: Callable[[str], Path], tmp_path: Path
) -> None:
    convert(small("nano"), published("nano"), tmp_path)
    before, after = t3_weights(small("nano"), published("nano")), read(tmp_path / layout.LEAN_T3)
    assert set(before) == set(after)
    for name, tensor in before.items():
        is_matrix = name.startswith("tfmr.h.") and tensor.dim() > 1
        assert after[name].dtype == (torch.bfloat16 if is_matrix else torch.float32), name
        assert torch.equal(after[name].float(), tensor.to(after[name].dtype).float())


def test_who_computes_in_single_precision_is_told_of_halves(
    published: Callable[[str], Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    convert(small("nano"), published("nano"), tmp_path / LEAN / "chatterbox-nano")
    assert np.isfinite(said(tmp_path, "nano")[0]).all()
    assert any("--trunk float32" in record.message for record in caplog.records)


def test_its_ears_are_read_when_somebody_is_heard(published: Callable[[str], Path], tmp_path: Path) -> None:
    convert(small("nano"), published("nano"), tmp_path)
    hearing = ears(small("nano"), tmp_path, torch.device("cpu"))
    assert hearing._hearing is None
    assert hearing.revision == ears(small("nano"), published("nano"), torch.device("cpu")).revision
    wave = 0.1 * torch.randn(16_000, generator=torch.Generator().manual_seed(1))
    theirs = ears(small("nano"), published("nano"), torch.device("cpu"))()
    assert torch.equal(hearing().tokens(wave)[0], theirs.tokens(wave)[0])
    assert torch.equal(hearing().x_vector(wave), theirs.x_vector(wave))


def test_an_unfinished_conversion_is_not_taken_for_a_checkpoint(
    published: Callable[[str], Path], tmp_path: Path
) -> None:
    for path in convert(small("nano"), published("nano"), tmp_path):
        assert path.exists()
    (tmp_path / layout.LEAN_HEARING).unlink()
    assert not layout.layout_of(MEMBERS["nano"], tmp_path).is_lean
    assert not list(tmp_path.glob("*.partial"))


def test_the_command_line_converts_what_it_finds_and_may_remove_it(
    published: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    models = published("turbo").parent
    assert main(["chatterbox-turbo", "--models", str(models), "--trunk", "float32", "--remove"]) == 0
    assert "GB became" in capsys.readouterr().out
    assert [path.name for path in models.iterdir()] == [LEAN]
    assert len(said(models, "turbo")[0])


def test_what_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chatterbox-nano", "--models", str(tmp_path)]) == 1
    assert "missing" in capsys.readouterr().err
