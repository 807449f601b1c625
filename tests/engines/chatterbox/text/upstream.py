"""Upstream's own tokenizers, as its `generate` uses them for a text that its `punc_norm` has been through."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from chatterbox.models.tokenizers import EnTokenizer, MTLTokenizer
from transformers import AutoTokenizer

from worker.engines.chatterbox.member import Member

Ids = Callable[[str, str], list[int]]
"""What T3 is given for a text and its language."""


def ids(member: Member, folder: Path) -> Ids:
    if not member.guided:
        return _words(folder)
    return _original(folder) if member.name == "original" else _multilingual(folder)


def _original(folder: Path) -> Ids:
    tokenizer = EnTokenizer(str(folder / "tokenizer.json"))
    return lambda text, _: [255, *tokenizer.text_to_tokens(text)[0].tolist(), 0]


def _multilingual(folder: Path) -> Ids:
    with patch("chatterbox.models.tokenizers.tokenizer.hf_hub_download", _here_already(folder)):
        tokenizer = MTLTokenizer(str(folder / "grapheme_mtl_merged_expanded_v1.json"))
    assert tokenizer.cangjie_converter.word2cj
    return lambda text, language: [255, *tokenizer.text_to_tokens(text, language_id=language)[0].tolist(), 0]


def _here_already(folder: Path) -> Callable[..., str]:
    """In the place of a download from the hub."""
    return lambda *, filename, **_: str(folder / filename)


def _words(folder: Path) -> Ids:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.eos_token
    return lambda text, _: tokenizer(text, return_tensors="pt", padding=True, truncation=True).input_ids[0].tolist()
