"""The checkpoint's own voice is read as it is, or refused by the name of what is wrong with it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from builder.random_checkpoint import write_voice
from worker.engines.chatterbox.conditioning.builtin import builtin
from worker.engines.chatterbox.member import MEMBERS
from worker.errors import EngineUnavailable

Parts = dict[str, dict[str, Any]]


@pytest.mark.parametrize("name", ["original", "multilingual", "turbo"])
def test_it_has_the_files_numbers(name: str, tmp_path: Path) -> None:
    found: Parts = torch.load(write_voice(MEMBERS[name], tmp_path, seed=5), weights_only=True)
    conditioning = builtin(tmp_path, MEMBERS[name])
    assert conditioning is not None
    placed = conditioning.on("cpu")
    assert torch.equal(placed.conditionals.speaker, found["t3"]["speaker_emb"][0])
    assert torch.equal(placed.conditionals.prompt, found["t3"]["cond_prompt_speech_tokens"][0])
    heard, gen = placed.heard, found["gen"]
    assert torch.equal(heard.tokens, gen["prompt_token"][0])
    assert torch.equal(heard.mel, gen["prompt_feat"][0])
    assert torch.equal(heard.x_vector, gen["embedding"][0])


def test_a_checkpoint_need_not_have_one(tmp_path: Path) -> None:
    assert builtin(tmp_path, MEMBERS["original"]) is None


@pytest.mark.parametrize("content", [b"", b"no voice", None], ids=["empty", "foreign", "cut short"])
def test_a_damaged_file_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = write_voice(MEMBERS["original"], tmp_path)
    path.write_bytes(path.read_bytes()[:-500] if content is None else content)
    with pytest.raises(EngineUnavailable, match=r"conds\.pt is cut short or damaged"):
        builtin(tmp_path, MEMBERS["original"])


def test_a_file_that_would_run_code_does_not(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> object:
            return (Path.touch, (tmp_path / "ran",))

    for write in (torch.save, lambda thing, path: path.write_bytes(pickle.dumps(thing, protocol=2))):
        write({"t3": Hostile()}, tmp_path / "conds.pt")
        with pytest.raises(EngineUnavailable, match=r"conds\.pt"):
            builtin(tmp_path, MEMBERS["original"])
    assert not (tmp_path / "ran").exists()


def without(part: str, key: str) -> Callable[[Parts], object]:
    return lambda found: {**found, part: {name: value for name, value in found[part].items() if name != key}}


def having(part: str, key: str, value: Any) -> Callable[[Parts], object]:
    return lambda found: {**found, part: {**found[part], key: value}}


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda found: [found], r"t3\.speaker_emb is missing"),
        (lambda found: {"t3": found["t3"]}, r"gen\.prompt_token is missing"),
        (without("t3", "speaker_emb"), r"t3\.speaker_emb is missing"),
        (without("gen", "prompt_token_len"), r"gen\.prompt_token_len is missing"),
        (having("gen", "embedding", None), r"gen\.embedding is missing"),
        (having("gen", "embedding", "text"), r"gen\.embedding is no batch of one"),
        (having("gen", "embedding", torch.zeros(2, 192)), r"gen\.embedding is no batch of one"),
        (having("gen", "embedding", torch.tensor(1.0)), r"gen\.embedding is no batch of one"),
        (having("gen", "embedding", torch.full((1, 192), torch.nan)), r"gen\.embedding has values"),
        (having("gen", "prompt_feat", torch.zeros(1, 90, 80)), r"gen\.prompt_feat is \[90, 80\]"),
        (having("gen", "prompt_token_len", torch.tensor([49])), r"gen\.prompt_token_len is \[49\], but"),
        (having("gen", "prompt_token_len", torch.zeros(1, 2)), r"gen\.prompt_token_len is \[0.0, 0.0\], but"),
        (having("t3", "cond_prompt_speech_tokens", torch.full((1, 9), 6561)), "cond_prompt_speech_tokens has tokens"),
        (having("t3", "cond_prompt_speech_tokens", torch.ones(1, 375).long()), "rather than 1 to 150 tokens"),
    ],
)
def test_what_is_wrong_in_it_is_named(damage: Callable[[Parts], object], complaint: str, tmp_path: Path) -> None:
    path = write_voice(MEMBERS["original"], tmp_path)
    torch.save(damage(torch.load(path, weights_only=True)), path)
    with pytest.raises(EngineUnavailable, match=rf"conds\.pt holds no voice of original: .*{complaint}"):
        builtin(tmp_path, MEMBERS["original"])


def test_half_precision_is_read_as_single(tmp_path: Path) -> None:
    path = write_voice(MEMBERS["original"], tmp_path)
    found = torch.load(path, weights_only=True)
    found["gen"]["prompt_feat"] = found["gen"]["prompt_feat"].half()
    torch.save(found, path)
    conditioning = builtin(tmp_path, MEMBERS["original"])
    assert conditioning is not None
    assert np.array_equal(conditioning.mel, found["gen"]["prompt_feat"][0].float().numpy())
