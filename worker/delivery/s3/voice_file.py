"""A voice file of which only the header is at hand: the voice, whose arrays are read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voice_library.embedding_file import AUDIO, finite, outline
from voice_library.header import LENGTH_BYTES, MAX_HEADER_BYTES, Header, Tensor
from voice_library.voice import Embedding, Reference, Voice

Arrays = Mapping[str, NDArray[Any]]
Tensors = Mapping[str, Tensor]
Group = tuple[str, Tensors]
"""What is read at once: an embedding's key, or `audio`, and its tensors."""


def header_bytes(front: bytes) -> int:
    """How much of a file has to be at hand for its header; of what is no voice file, no more than `front`."""
    length = int.from_bytes(front[:LENGTH_BYTES], "little")
    return LENGTH_BYTES + length if length <= MAX_HEADER_BYTES else len(front)


def groups_of(header: Header) -> tuple[Voice, list[Group]]:
    """The voice without its arrays, and the groups in which they come.

    Raises:
        InvalidVoiceFile: the header contradicts itself, or is that of no voice.
    """
    voice, embeddings = outline(header)
    audio: list[Group] = [(AUDIO, {AUDIO: header.tensors[AUDIO]})] if voice.reference else []
    return voice, [*audio, *embeddings.items()]


def holding(voice: Voice, groups: list[Group], read: Callable[[str, Tensors], Arrays]) -> Voice:
    """The voice with what `read` gives of each group when it is asked for; that may raise."""
    reference, embeddings = None, {}
    for name, tensors in groups:
        arrays = partial(read, name, tensors)
        if name == AUDIO and voice.reference:
            frames = tensors[AUDIO].shape[0]
            reference = Reference.later(
                partial(_samples, arrays), frames=frames, sample_rate=voice.reference.sample_rate
            )
        else:
            embeddings[name] = Embedding.later(arrays)
    return replace(voice, reference=reference, embeddings=embeddings)


def read_tensors(tensors: Tensors, fetch: Callable[[int, int], bytes]) -> dict[str, NDArray[Any]]:
    """The arrays, of bytes that `fetch` gives from one place of the file to another, neighbours at once.

    Raises:
        InvalidVoiceFile: one holds NaN or infinity.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for neighbours in _neighbours(tensors):
        begin = min(tensor.begin for tensor in neighbours.values())
        data = fetch(begin, max(tensor.end for tensor in neighbours.values()))
        arrays |= finite(data, {name: _moved(each, begin) for name, each in neighbours.items()})
    return arrays


def _moved(tensor: Tensor, by: int) -> Tensor:
    return replace(tensor, begin=tensor.begin - by, end=tensor.end - by)


def _neighbours(tensors: Tensors) -> list[dict[str, Tensor]]:
    """The tensors in groups that lie side by side in the file."""
    found: list[dict[str, Tensor]] = []
    end = -1
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].begin):
        if tensor.begin != end:
            found.append({})
        found[-1][name] = tensor
        end = tensor.end
    return found


def _samples(arrays: Callable[[], Arrays]) -> NDArray[np.float32]:
    samples: NDArray[np.float32] = arrays()[AUDIO]
    return samples
