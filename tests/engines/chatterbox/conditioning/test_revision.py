"""A revision stands for the weights that enrol, and for nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch

from tests.engines.chatterbox.conditioning.conftest import Enroller
from voice_library.voice import embedding_key
from worker.engines.chatterbox.conditioning.revision import revision
from worker.engines.chatterbox.member import MEMBERS, Member


def of(enroller: Enroller, member: Member | None = None) -> str:
    return revision(enroller.voice_encoder, enroller.s3gen, member or enroller.member)


@contextmanager
def changed(module: torch.nn.Module, name: str) -> Iterator[None]:
    """Meanwhile the tensor is as after another training: a thousandth different."""
    tensor = module.state_dict()[name]
    before = tensor.clone()
    tensor.mul_(1.001).add_(1e-6)
    yield
    tensor.copy_(before)


def test_it_is_part_of_a_key(original: Enroller) -> None:
    assert re.fullmatch("[0-9a-f]{12}", of(original))
    assert embedding_key("chatterbox", of(original)).startswith("chatterbox/")


def test_the_same_weights_loaded_again_have_it_too(enrollers: Callable[[str], Enroller]) -> None:
    # Multilingual's files hold the same numbers here, in another format.
    assert of(enrollers("original")) == of(enrollers("multilingual"))


@pytest.mark.parametrize(
    "name",
    [
        "tokenizer.encoder.conv1.weight",
        "tokenizer.encoder.blocks.0.mlp.2.weight",
        "tokenizer.quantizer._codebook.project_down.bias",
        "speaker_encoder.head.conv1.weight",
        "speaker_encoder.xvector.dense.linear.weight",
        "speaker_encoder.head.bn1.running_var",
    ],
)
def test_it_changes_with_each_part_of_s3gen_that_enrols(name: str, original: Enroller) -> None:
    before = of(original)
    with changed(original.s3gen, name):
        assert of(original) != before
    assert of(original) == before


@pytest.mark.parametrize("name", ["lstm.weight_ih_l0", "proj.bias"])
def test_it_changes_with_the_voice_encoder(name: str, original: Enroller) -> None:
    before = of(original)
    with changed(original.voice_encoder, name):
        assert of(original) != before


def test_it_does_not_change_with_what_renders(original: Enroller) -> None:
    before = of(original)
    with changed(original.s3gen, "flow.spk_embed_affine_layer.weight"):
        assert of(original) == before


def test_it_changes_with_the_members_way_with_a_recording(original: Enroller) -> None:
    revisions = {
        of(original, member)
        for member in (
            MEMBERS["original"],
            replace(MEMBERS["original"], prompt_tokens=375),
            MEMBERS["turbo"],  # the same length of prompt as that one, but at a loudness
        )
    }
    assert len(revisions) == 3
