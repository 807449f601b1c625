"""Tokenizer files in the format of the real ones, with made-up merges, for machines that cannot download those."""

from __future__ import annotations

import argparse
import itertools
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from worker.engines.chatterbox.member import MEMBERS, START_TEXT, STOP_TEXT, Member

SPECIAL = ("[UNK]", "[SPACE]", "[PAD]", "[SEP]", "[CLS]", "[MASK]")
MARKS = "!\"#$%&'()*+,-./:;=?@[]_~"
LATIN = "abcdefghijklmnopqrstuvwxyz"
FREQUENT = "etaoinshrdlu"
"""Letters whose pairs are tokens."""
WORD = "the"
"""A token of three letters, made of a pair and a letter."""
SCRIPTS = (
    *((0x0300, 0x0332), (0x03B1, 0x03CA), (0x0430, 0x0460), (0x05B0, 0x05C3), (0x05D0, 0x05EB), (0x0621, 0x0653)),
    *((0x0901, 0x0970), (0x1100, 0x1113), (0x1161, 0x1176), (0x11A8, 0x11C3), (0x3041, 0x30FF)),
)
"""Ranges of what NFKD leaves of letters: accents, Greek, Cyrillic, Hebrew, Arabic, Devanagari, jamo, kana."""
LETTERS = "ßæðøłıœ、。，！？¿¡؟،"
CANGJIE = (
    *(
        "日\ta",
        "月\tb",
        "金\tc",
        "木\td",
        "水\te",
        "火\tf",
        "土\tg",
        "竹\th",
        "戈\ti",
        "十\tj",
        "大\tk",
        "中\tl",
        "一\tm",
    ),
    *("弓\tn", "人\to", "心\tp", "手\tq", "口\tr", "尸\ts", "廿\tt", "山\tu", "女\tv", "田\tw", "卜\ty", "你\tonf"),
    *(
        "好\tvnd",
        "天\tmk",
        "世\tpt",
        "界\twoll",
        "今\toin",
        "明\tab",
        "曰\ta",
        "林\tdd",
        "晶\taaa",
        "炎\tff",
        "森\tddd",
    ),
)
"""Characters and their keys; two have the same one."""
GPT2_VOCABULARY = 50_257
END_OF_TEXT = "<|endoftext|>"
LENGTH_LIMIT = 1024
"""Of GPT-2's own tokenizer, in tokens; upstream cuts longer texts off."""


def write(member: Member, folder: Path) -> list[Path]:
    """The written files, under their real names; the same bytes each time."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = _grapheme_files(member) if member.guided else _word_files(member)
    for name in member.tokenizer_files:
        (folder / name).write_text(contents[name], encoding="utf-8")
    return [folder / name for name in member.tokenizer_files]


def _grapheme_files(member: Member) -> Mapping[str, str]:
    first, *others = member.tokenizer_files
    several = bool(others)
    special = [*SPECIAL, *(_tokens_of_languages(member) if several else ())]
    letters = _multilingual_letters() if several else f"{LATIN}{LATIN.upper()}0123456789{MARKS}"
    fixed = {"[STOP]": STOP_TEXT, "[START]": START_TEXT}
    pairs = list(itertools.product(FREQUENT, repeat=2))
    merges = [*pairs, (WORD[:-1], WORD[-1])]
    vocabulary = _numbered(fixed, [*special, *letters, *map("".join, merges)])
    table = _table(vocabulary, [*fixed, *special], merges)
    return {first: _json(table), **{name: _json(CANGJIE) for name in others}}


def _tokens_of_languages(member: Member) -> list[str]:
    keys = f"{LATIN}0123456789."
    return [*(f"[{language}]" for language in sorted(member.languages)), *(f"[cj_{key}]" for key in keys)]


def _multilingual_letters() -> list[str]:
    ranges = [chr(code) for first, end in SCRIPTS for code in range(first, end)]
    stable = [letter for letter in ranges if unicodedata.normalize("NFKD", letter) == letter]
    return [*LATIN, *"0123456789", *MARKS, *LETTERS, *stable]


def _numbered(fixed: Mapping[str, int], tokens: Iterable[str]) -> dict[str, int]:
    """`tokens` with the lowest ids that `fixed` leaves."""
    free = (number for number in itertools.count() if number not in fixed.values())
    return {**fixed, **dict(zip(dict.fromkeys(tokens), free, strict=False))}


def _table(vocabulary: Mapping[str, int], special: Iterable[str], merges: Iterable[tuple[str, ...]]) -> object:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    added = [
        {"id": vocabulary[token], "content": token, **flags} for token in sorted(special, key=vocabulary.__getitem__)
    ]
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": "[UNK]",
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "vocab": vocabulary,
        "merges": [" ".join(pair) for pair in merges],
    }
    unset = dict.fromkeys(("truncation", "padding", "normalizer", "post_processor", "decoder"))
    return {"version": "1.0", **unset, "added_tokens": added, "pre_tokenizer": {"type": "Whitespace"}, "model": model}


def _word_files(member: Member) -> Mapping[str, str]:
    merges = [*itertools.product(FREQUENT, repeat=2), *(("Ġ", letter) for letter in LATIN), (WORD[:-1], WORD[-1])]
    tokens = [*_byte_letters(), *map("".join, merges)]
    filler = (f"~{number:x}" for number in range(GPT2_VOCABULARY - 1 - len(tokens)))
    vocabulary = _numbered({}, [*tokens, *filler, END_OF_TEXT])
    added = {f"[{tag}]": GPT2_VOCABULARY + number for number, tag in enumerate(sorted(member.tags))}
    special = dict.fromkeys(("bos_token", "eos_token", "unk_token"), END_OF_TEXT)
    return {
        "vocab.json": _json(vocabulary),
        "merges.txt": "\n".join(["#version: 0.2", *map(" ".join, merges), ""]),
        "added_tokens.json": _json(added),
        "special_tokens_map.json": _json(special),
        "tokenizer_config.json": _json(_configuration(added, special)),
    }


def _byte_letters() -> Iterator[str]:
    """The letters that GPT-2 writes bytes with: printable ones as they are, the others from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    yield from map(chr, sorted(printable))
    yield from (chr(0x100 + number) for number in range(0x100 - len(printable)))


def _configuration(added: Mapping[str, int], special: Mapping[str, str]) -> object:
    flags = {"lstrip": False, "rstrip": False, "single_word": False}
    decoder = {
        str(number): {"content": tag, "normalized": True, "special": False, **flags} for tag, number in added.items()
    }
    end = {"content": END_OF_TEXT, "normalized": True, "special": True, **flags}
    return {
        "add_prefix_space": False,
        "added_tokens_decoder": {str(GPT2_VOCABULARY - 1): end, **decoder},
        "errors": "replace",
        "model_max_length": LENGTH_LIMIT,
        "tokenizer_class": "GPT2Tokenizer",
        **special,
    }


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def main() -> None:
    """Writes the files that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--member", choices=MEMBERS, required=True)
    parser.add_argument("--into", type=Path, required=True, help="folder of the files")
    given = parser.parse_args()
    for path in write(MEMBERS[given.member], given.into):
        print(f"{path}: {path.stat().st_size / 2**10:.0f} KiB")


if __name__ == "__main__":
    main()
