"""A revision stands for the weights that enrol, and for nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.engines.chatterbox.conditioning import upstream
from tests.engines.chatterbox.conditioning.conftest import Enroller
from voice_library.voice import embedding_key
from worker.engines.chatterbox.conditioning.revision import Sampled, digest, revision
from worker.engines.chatterbox.member import MEMBERS, Member


def of(enroller: Enroller, member: Member | None = None) -> str:
    return revision(enroller.speech, enroller.speaker, member or enroller.member)


def changed(tensors: Mapping[str, Tensor], name: str) -> Sampled:
    """With one tensor as after another training: a thousandth different."""
    return Sampled({**tensors, name: tensors[name] * 1.001 + 1e-6})


def test_it_is_part_of_a_key(original: Enroller) -> None:
    assert re.fullmatch("[0-9a-f]{12}", of(original))
    assert embedding_key("chatterbox", of(original)).startswith("chatterbox/")


@pytest.mark.parametrize("name", ["original", "multilingual", "turbo"])
def test_the_digits_are_those_that_voice_files_hold(name: str, enrollers: Callable[[str], Enroller]) -> None:
    enroller = enrollers(name)
    assert of(enroller) == upstream.revision(enroller.voice_encoder, enroller.s3gen, enroller.member)


def test_the_same_weights_loaded_again_have_it_too(enrollers: Callable[[str], Enroller]) -> None:
    # Multilingual's files hold the same numbers here, in another format.
    assert of(enrollers("original")) == of(enrollers("multilingual"))


def test_what_was_read_once_is_not_read_for_it_again(original: Enroller) -> None:
    read: list[str] = []

    class Noted(dict[str, Tensor]):
        def __getitem__(self, name: str) -> Tensor:
            read.append(name)
            return super().__getitem__(name)

    speech, speaker = Sampled(Noted(original.speech)), Sampled(Noted(original.speaker))
    for tensors in (speech, speaker):
        for name in tensors:
            assert torch.equal(tensors[name], original.speech[name] if tensors is speech else original.speaker[name])
    read.clear()
    assert revision(speech, speaker, original.member) == of(original)
    assert read == []


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
    assert revision(changed(original.speech, name), original.speaker, original.member) != of(original)


@pytest.mark.parametrize("name", ["lstm.weight_ih_l0", "proj.bias"])
def test_it_changes_with_the_voice_encoder(name: str, original: Enroller) -> None:
    assert revision(original.speech, changed(original.speaker, name), original.member) != of(original)


@pytest.mark.parametrize("name", ["flow.spk_embed_affine_layer.weight", "tokenizer.window", "tokenizer._mel_filters"])
def test_it_does_not_change_with_what_renders_or_is_computed(name: str, original: Enroller) -> None:
    assert revision(changed(original.speech, name), original.speaker, original.member) == of(original)
    without = Sampled({each: original.speech[each] for each in original.speech if each != name})
    assert revision(without, original.speaker, original.member) == of(original)


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


def test_a_digest_has_words_names_shapes_and_numbers() -> None:
    tensor = torch.arange(6.0)
    digests = {
        digest("words", [("name", tensor)]),
        digest("other words", [("name", tensor)]),
        digest("words", [("other name", tensor)]),
        digest("words", [("name", tensor.view(2, 3))]),
        digest("words", [("name", tensor + 1)]),
    }
    assert len(digests) == 5
