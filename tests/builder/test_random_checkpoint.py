"""Random checkpoints are what upstream's own loader takes, and the same for the same seed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from builder.random_checkpoint import upstream, write
from worker.engines.chatterbox.checkpoint import load
from worker.engines.chatterbox.member import MEMBERS, Member
from worker.errors import EngineUnavailable

REPOSITORY = Path(__file__).parent.parent.parent


@pytest.fixture(params=list(MEMBERS))
def member(request: pytest.FixtureRequest) -> Member:
    member = MEMBERS[request.param]
    return replace(member, layers=1, hidden=1024 if member.guided else 64)


def test_upstream_takes_every_tensor_under_its_own_name(member: Member, tmp_path: Path) -> None:
    weights = load_file(write(member, tmp_path))
    loaded = upstream(member).load_state_dict(weights, strict=True)
    assert (loaded.missing_keys, loaded.unexpected_keys) == ([], [])
    assert all(torch.isfinite(values).all() for values in weights.values())


def test_the_same_seed_draws_the_same_weights_and_another_does_not(tmp_path: Path) -> None:
    member = replace(MEMBERS["nano"], layers=1, hidden=64)
    files = [write(member, tmp_path / str(place), seed=seed).read_bytes() for place, seed in enumerate((5, 5, 6))]
    assert files[0] == files[1] != files[2]


def test_the_full_size_is_that_of_the_real_models() -> None:
    with torch.device("meta"):
        sizes = {name: sum(p.numel() for p in upstream(MEMBERS[name]).parameters()) for name in MEMBERS}
    assert {name: round(size / 1e6, 1) for name, size in sizes.items()} == {
        "original": 532.4,
        "multilingual": 536.0,
        "turbo": 478.9,
        "nano": 217.5,
    }


def test_the_command_line_writes_the_file_under_the_real_name(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "builder.random_checkpoint", "--member", "turbo"]
    options = ["--layers", "1", "--hidden", "64", "--into", str(tmp_path)]
    done = subprocess.run([*command, *options], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=120)
    assert "t3_turbo_v1.safetensors" in done.stdout
    assert (tmp_path / "t3_turbo_v1.safetensors").exists()


@pytest.mark.parametrize("content", [None, b"", b"no tensors"])
def test_a_missing_or_damaged_checkpoint_is_an_unavailable_engine(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / MEMBERS["nano"].file).write_bytes(content)
    with pytest.raises(EngineUnavailable, match="t3_nano_v1"):
        load(MEMBERS["nano"], tmp_path)
