"""The revision of a member: which weights an embedding belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from worker.engines.chatterbox.conditioning.enrolment import loudness_lufs
from worker.engines.chatterbox.hearing.hearing import SPEAKER_ENCODER, TOKENIZER
from worker.engines.chatterbox.hearing.speech_tokenizer import DERIVED
from worker.engines.chatterbox.member import Member

ARITHMETIC = 1
"""To be raised whenever enrolment makes other numbers of the same recording."""
DIGITS = 12
MOST_SAMPLED = 2048
"""Numbers read of one tensor, spread evenly: all of a small one, enough of a large one to tell two trainings apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a digest has of a tensor."""

    shape: tuple[int, ...]
    numbers: Tensor
    """Float32 `[n]`, on the processor."""
    is_weight: bool
    """Whether it holds fractions: counters are none."""

    @classmethod
    def of(cls, tensor: Tensor) -> Self:
        """Evenly spread over the tensor."""
        flat = tensor.flatten()
        spread = flat[:: max(1, -(-len(flat) // MOST_SAMPLED))].float().cpu()
        return cls(shape=tuple(tensor.shape), numbers=spread.clone(), is_weight=tensor.is_floating_point())


class Sampled(Mapping[str, Tensor]):
    """The tensors of a file, each read when it is asked for, and a sample kept of it: a revision reads none again."""

    def __init__(self, found: Mapping[str, Tensor], stem: str = "") -> None:
        """`found` by the names that a file has, all of which begin with `stem`, which is left out."""
        self._stem = stem
        self._found = found
        self._samples: dict[str, Sample] = {}

    def __getitem__(self, name: str) -> Tensor:
        tensor = self._found[self._stem + name]
        self._samples[name] = Sample.of(tensor)
        return tensor

    def __contains__(self, name: object) -> bool:
        return f"{self._stem}{name}" in self._found

    def __iter__(self) -> Iterator[str]:
        return (name[len(self._stem) :] for name in self._found)

    def __len__(self) -> int:
        return len(self._found)

    def sample(self, name: str) -> Sample:
        """The one of the tensor of this name, which is read if it was not yet."""
        return self._samples[name] if name in self._samples else Sample.of(self[name])


def revision(speech: Sampled, speaker: Sampled, member: Member) -> str:
    """Twelve hexadecimal digits, the same for the same files on every machine.

    They stand for all that makes a conditioning what it is: the tensors that enrol, in `speech` (S3Gen's file) and in
    `speaker` (the voice encoder's), and the member's way with a recording.
    """
    return _digest(way(member), _enrolling(speech, speaker))


def way(member: Member) -> str:
    """What a conditioning depends on besides the weights."""
    return f"{ARITHMETIC} {member.prompt_tokens} {loudness_lufs(member)}"


def digest(words: str, weights: Iterable[tuple[str, Tensor]]) -> str:
    """Twelve hexadecimal digits that stand for `words` and the weights by name, the same on every machine."""
    return _digest(words, ((name, Sample.of(tensor)) for name, tensor in weights))


def _digest(words: str, samples: Iterable[tuple[str, Sample]]) -> str:
    whole = hashlib.sha256(words.encode())
    numbers = []
    for name, sample in samples:
        whole.update(f" {name} {list(sample.shape)}".encode())
        numbers.append(sample.numbers)
    whole.update(torch.cat(numbers).numpy().astype("<f4").tobytes())
    return whole.hexdigest()[:DIGITS]


def _enrolling(speech: Sampled, speaker: Sampled) -> Iterator[tuple[str, Sample]]:
    computed = {f"{TOKENIZER}{name}" for name in DERIVED}
    parts = [(f"voice_encoder.{name}", speaker, name) for name in sorted(speaker)]
    parts += [(name, speech, name) for stem in (SPEAKER_ENCODER, TOKENIZER) for name in sorted(_under(stem, speech))]
    for called, tensors, name in parts:
        # Counters, and what is computed where a file lacks it, are no weights.
        if name not in computed and (sample := tensors.sample(name)).is_weight:
            yield called, sample


def _under(stem: str, names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name.startswith(stem))
