"""The revision of a member: which weights an embedding belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import torch
from chatterbox.models.s3gen import S3Gen
from chatterbox.models.voice_encoder import VoiceEncoder
from torch import Tensor, nn

from worker.engines.chatterbox.conditioning.enrolment import loudness_lufs
from worker.engines.chatterbox.member import Member
from worker.engines.chatterbox.modules import DERIVED

ARITHMETIC = 1
"""To be raised whenever enrolment makes other numbers of the same recording."""
DIGITS = 12
MOST_SAMPLED = 2048
"""Numbers read of one tensor, spread evenly: all of a small one, enough of a large one to tell two trainings apart."""


def revision(voice_encoder: VoiceEncoder, s3gen: S3Gen, member: Member) -> str:
    """Twelve hexadecimal digits, the same for the same files on every machine.

    They stand for all that makes a conditioning what it is: the modules that enrol, as they were loaded, and the
    member's way with a recording.
    """
    return digest(f"{ARITHMETIC} {member.prompt_tokens} {loudness_lufs(member)}", _enrolling(voice_encoder, s3gen))


def digest(words: str, weights: Iterable[tuple[str, Tensor]]) -> str:
    """Twelve hexadecimal digits that stand for `words` and the weights by name, the same on every machine."""
    whole = hashlib.sha256(words.encode())
    sampled = []
    for name, tensor in weights:
        whole.update(f" {name} {list(tensor.shape)}".encode())
        sampled.append(_sampled(tensor))
    whole.update(torch.cat(sampled).cpu().numpy().astype("<f4").tobytes())
    return whole.hexdigest()[:DIGITS]


def _enrolling(voice_encoder: VoiceEncoder, s3gen: S3Gen) -> Iterator[tuple[str, Tensor]]:
    modules: dict[str, nn.Module] = {
        "voice_encoder": voice_encoder,
        "speaker_encoder": s3gen.speaker_encoder,
        "tokenizer": s3gen.tokenizer,
    }
    for prefix, module in modules.items():
        for name, tensor in sorted(module.state_dict().items()):
            # Counters, and what is computed where a file lacks it, are no weights.
            if tensor.is_floating_point() and f"{prefix}.{name}" not in DERIVED:
                yield f"{prefix}.{name}", tensor


def _sampled(tensor: Tensor) -> Tensor:
    numbers = tensor.flatten()
    return numbers[:: -(-len(numbers) // MOST_SAMPLED)].float()
