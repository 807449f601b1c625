"""Hearing takes of the files what is its own, says what is wrong with them, and hears for several at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from tests.engines.chatterbox.hearing.conftest import BLOCKS, Ears, heard
from worker.engines.chatterbox.hearing.hearing import Hearing
from worker.engines.chatterbox.tensors import Tensors
from worker.errors import EngineUnavailable


def test_of_its_parts_nothing_is_left(ears: Ears) -> None:
    stems = ("tokenizer.", "speaker_encoder.")
    own = {name: tensor for name, tensor in ears.speech.items() if name.startswith(stems)}
    speech, speaker = Tensors(own, "s3gen.safetensors"), Tensors(ears.speaker, "ve.safetensors")
    Hearing(speech, speaker, blocks=BLOCKS)
    speech.finish()
    speaker.finish()


def test_a_full_one_wants_all_six_blocks(ears: Ears) -> None:
    with pytest.raises(EngineUnavailable, match=r"s3gen\.safetensors lacks tokenizer\.encoder\.blocks\.2\."):
        Hearing(Tensors(ears.speech, "s3gen.safetensors"), Tensors(ears.speaker, "ve.safetensors"))


@pytest.mark.parametrize(
    "name",
    [
        "tokenizer.encoder.blocks.1.attn.fsmn_block.weight",
        "tokenizer.quantizer._codebook.project_down.bias",
        "speaker_encoder.head.layer2.0.shortcut.1.running_var",
        "speaker_encoder.xvector.block2.tdnnd24.cam_layer.linear2.bias",
        "speaker_encoder.xvector.dense.nonlinear.batchnorm.running_mean",
        "lstm.bias_hh_l2",
        "similarity_bias",
    ],
)
def test_a_tensor_that_is_missing_or_of_another_shape_is_named(name: str, ears: Ears) -> None:
    files = {"s3gen.safetensors": ears.speech, "ve.safetensors": ears.speaker}
    file, tensors = next((file, tensors) for file, tensors in files.items() if name in tensors)
    wrong = {**tensors, name: torch.zeros(7, 7, 7, 7, 7)}
    without = {each: tensor for each, tensor in tensors.items() if each != name}
    for damaged, complaint in ((without, f"{file} lacks {name}"), (wrong, rf"{file} has {name} \[7, 7, 7, 7, 7\]")):
        with pytest.raises(EngineUnavailable, match=complaint):
            heard(*(damaged if tensors is each else each for each in files.values()))


def test_weights_of_half_precision_are_heard_with_in_single(
    ears: Ears, saying: Callable[[int, float, float], Tensor]
) -> None:
    def halved(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}

    wave = saying(16_000, 1.0, 1.0)
    narrow = heard(halved(ears.speech), halved(ears.speaker))
    assert narrow.x_vector(wave).dtype == narrow.speaker(wave).dtype == torch.float32
    assert (narrow.speaker(wave) - ears.hearing.speaker(wave)).norm() < 0.01


def test_eight_threads_at_once_each_hear_what_they_hear_alone(
    ears: Ears, saying: Callable[[int, float, float], Tensor]
) -> None:
    waves = [saying(16_000, float(index), 1.0 + index / 8) for index in range(8)]

    def all_of(wave: Tensor) -> list[Tensor]:
        hearing = ears.hearing
        return [*hearing.tokens(wave), hearing.x_vector(wave), hearing.speaker(wave), hearing.mel(wave)]

    alone = [all_of(wave) for wave in waves]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(all_of, waves))
    assert all(all(map(torch.equal, *both)) for both in zip(alone, together, strict=True))
