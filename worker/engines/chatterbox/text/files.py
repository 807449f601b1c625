"""The files of a member's tokenizer, read and checked: nothing is fetched, and nothing wrong is let through."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer  # type: ignore[import-untyped] # its stubs are not marked as such
from tokenizers.models import BPE  # type: ignore[import-untyped] # the same
from tokenizers.pre_tokenizers import ByteLevel  # type: ignore[import-untyped] # the same

from worker.engines.chatterbox.member import Member
from worker.engines.chatterbox.text.cangjie import spellings
from worker.errors import EngineUnavailable

CANGJIE = "Cangjie5_TC.json"
SETTINGS = "tokenizer_config.json"
FRAME = ("[START]", "[STOP]")
"""What a guided member's tokenizer has beyond text."""


def encoder(member: Member, folder: Path) -> Tokenizer:
    """What `member` looks its tokens up in; it cuts no text short.

    Raises:
        EngineUnavailable: a file is missing or damaged, or has tokens that `member` does not know.

    """
    for name in member.tokenizer_files:
        _content(folder, name)
    first = member.tokenizer_files[0]
    loaded = _built(first, lambda: Tokenizer.from_file(str(folder / first)) if member.guided else _words(folder))
    loaded.no_truncation()
    loaded.no_padding()
    _check_vocabulary(loaded, member)
    return loaded


def cangjie(folder: Path) -> Mapping[str, str]:
    """By Chinese character, its tokens.

    Raises:
        EngineUnavailable: the file is missing or damaged.

    """
    entries = json.loads(_content(folder, CANGJIE))
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise EngineUnavailable(f"Chatterbox: {CANGJIE} is no list of entries")
    try:
        return spellings(entries)
    except ValueError as error:
        raise EngineUnavailable(
            f"Chatterbox: {CANGJIE} has an entry that is not a character, a tab and keys"
        ) from error


def _content(folder: Path, name: str) -> str:
    try:
        content = (folder / name).read_text(encoding="utf-8")
        _check_form(name, content)
    except FileNotFoundError as error:
        raise EngineUnavailable(f"Chatterbox: {name} is missing") from error
    except OSError as error:
        raise EngineUnavailable(f"Chatterbox: {name} cannot be read") from error
    except (ValueError, RecursionError) as error:
        raise EngineUnavailable(f"Chatterbox: {name} is damaged: it does not hold what such a file holds") from error
    return content


def _check_form(name: str, content: str) -> None:
    """Raises ValueError or RecursionError; a file of merges begins with its version."""
    if name.endswith(".json"):
        json.loads(content)
    elif not content.partition("\n")[2].strip():
        raise ValueError("no merges")


def _built(name: str, build: Callable[[], Tokenizer]) -> Tokenizer:
    try:
        return build()
    except Exception as error:  # the tokenizers package raises nothing narrower
        raise EngineUnavailable(f"Chatterbox: {name}, or a file that belongs to it, is no tokenizer") from error


def _words(folder: Path) -> Tokenizer:
    """The byte-level tokenizer of GPT-2 (`GPT2Tokenizer` of transformers), with the tokens that were added to it."""
    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    _, *lines = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()
    merges = [(left, right) for left, _, right in (line.partition(" ") for line in lines if line.strip())]
    tokenizer = Tokenizer(BPE(vocabulary, merges, continuing_subword_prefix="", end_of_word_suffix="", fuse_unk=False))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=settings.get("add_prefix_space", False))
    for number, token in sorted(_added(folder, settings).items()):
        add = tokenizer.add_special_tokens if token.special else tokenizer.add_tokens
        add([token])
        if tokenizer.token_to_id(token.content) != number:
            raise ValueError(f"token {number} has another number")
    return tokenizer


def _added(folder: Path, settings: Mapping[str, Any]) -> dict[int, AddedToken]:
    """By their numbers; the settings say how they stand in a text, or else none is special but those named so."""
    if told := settings.get("added_tokens_decoder"):
        return {int(number): AddedToken(**token) for number, token in told.items()}
    named = json.loads((folder / "special_tokens_map.json").read_text(encoding="utf-8")).values()
    special = {token["content"] if isinstance(token, dict) else token for token in named if not isinstance(token, list)}
    found = json.loads((folder / "added_tokens.json").read_text(encoding="utf-8"))
    return {number: AddedToken(word, special=word in special) for word, number in found.items()}


def _check_vocabulary(loaded: Tokenizer, member: Member) -> None:
    name, ids = member.tokenizer_files[0], loaded.get_vocab(with_added_tokens=True)
    if missing := [token for token in FRAME if member.guided and token not in ids]:
        raise EngineUnavailable(f"Chatterbox: {name} has no token {missing[0]}")
    if (largest := max(ids.values(), default=-1)) >= member.text_vocabulary:
        raise EngineUnavailable(
            f"Chatterbox: {name} has ids up to {largest}, and {member.name} knows those below {member.text_vocabulary}"
        )
    if not member.guided and len(ids) != member.text_vocabulary:
        raise EngineUnavailable(
            f"Chatterbox: {name} and its files have {len(ids)} tokens, and {member.name} knows {member.text_vocabulary}"
        )
    for tag in sorted(member.tags):
        if len(loaded.encode(f"[{tag}]").ids) != 1:
            raise EngineUnavailable(f"Chatterbox: {name} and its files have no token [{tag}]")
