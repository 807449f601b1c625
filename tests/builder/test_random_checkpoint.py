"""Random checkpoints are what upstream's own loader takes, and the same for the same seed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from chatterbox.models.s3gen import S3Gen
from chatterbox.models.voice_encoder import VoiceEncoder
from chatterbox.tts import Conditionals
from safetensors.torch import load_file

from builder.random_checkpoint import write, write_s3gen, write_t3, write_voice, write_voice_encoder
from builder.upstream_modules import s3gen, t3
from worker.engines.chatterbox.checkpoint import read, sized
from worker.engines.chatterbox.member import MEMBERS, VOICE_FILE, Member

REPOSITORY = Path(__file__).parent.parent.parent


@pytest.fixture(params=list(MEMBERS))
def member(request: pytest.FixtureRequest) -> Member:
    return small(request.param)


def small(name: str) -> Member:
    member = MEMBERS[name]
    return replace(member, layers=1, hidden=1024 if member.guided else 64, blocks=1)


def test_upstream_takes_every_tensor_of_t3_under_its_own_name(member: Member, tmp_path: Path) -> None:
    weights = load_file(write_t3(member, tmp_path))
    loaded = t3(member).load_state_dict(weights, strict=True)
    assert (loaded.missing_keys, loaded.unexpected_keys) == ([], [])
    assert all(torch.isfinite(values).all() for values in weights.values())


def test_upstream_takes_the_voice_encoder_and_the_voice(member: Member, tmp_path: Path) -> None:
    VoiceEncoder().load_state_dict(read(write_voice_encoder(member, tmp_path)), strict=True)
    voice = Conditionals.load(write_voice(member, tmp_path))
    assert voice.gen["prompt_feat"].shape[1] == 2 * voice.gen["prompt_token"].shape[1]


def test_s3gen_is_whole_at_full_size_and_less_where_it_was_made_smaller(tmp_path: Path) -> None:
    full = S3Gen().state_dict()
    assert s3gen(MEMBERS["original"]).state_dict().keys() == full.keys()
    smaller = load_file(write_s3gen(small("original"), tmp_path))
    assert smaller.keys() < full.keys()
    assert all(tensor.shape == full[name].shape for name, tensor in smaller.items())


def test_the_same_seed_draws_the_same_weights_and_another_does_not(tmp_path: Path) -> None:
    for kind in (write_t3, write_s3gen):
        files = [kind(small("nano"), folder(tmp_path, kind.__name__, place), seed=seed) for place, seed in SEEDS]
        first, same, other = (path.read_bytes() for path in files)
        assert first == same != other


SEEDS = ((0, 5), (1, 5), (2, 6))


def folder(parent: Path, *names: object) -> Path:
    path = parent.joinpath(*map(str, names))
    path.mkdir(parents=True)
    return path


def test_the_full_size_is_that_of_the_real_models() -> None:
    with torch.device("meta"):
        sizes = {name: sum(p.numel() for p in t3(member).parameters()) for name, member in MEMBERS.items()}
    assert {name: round(size / 1e6, 1) for name, size in sizes.items()} == {
        "original": 532.4,
        "multilingual": 536.0,
        "multilingual-v2": 536.0,
        "turbo": 478.9,
        "nano": 217.5,
    }


def test_a_smaller_checkpoint_says_how_small_it_is(tmp_path: Path) -> None:
    assert sized(MEMBERS["nano"], tmp_path) == MEMBERS["nano"]
    write(small("nano"), tmp_path)
    assert sized(MEMBERS["nano"], tmp_path) == small("nano")


def test_the_command_line_writes_the_family_of_files_under_the_real_names(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "builder.random_checkpoint", "--member", "turbo"]
    options = ["--layers", "1", "--hidden", "64", "--blocks", "1", "--into", str(tmp_path)]
    done = subprocess.run([*command, *options], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=300)
    turbo = MEMBERS["turbo"]
    for name in (turbo.file, turbo.speech_file, turbo.speaker_file, VOICE_FILE, *turbo.tokenizer_files):
        assert name in done.stdout
        assert (tmp_path / name).exists()
