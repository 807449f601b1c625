"""Made-up tokenizer files are in the real ones' format, and the same each time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from builder.random_tokenizer import write
from worker.engines.chatterbox.member import LANGUAGES, MEMBERS, TAGS, Member
from worker.engines.chatterbox.text.tokenizer import load

REPOSITORY = Path(__file__).parent.parent.parent


@pytest.fixture(params=list(MEMBERS))
def member(request: pytest.FixtureRequest) -> Member:
    return MEMBERS[request.param]


def test_the_files_have_the_real_names_and_the_same_bytes_each_time(member: Member, tmp_path: Path) -> None:
    first, second = (write(member, tmp_path / place) for place in "ab")
    assert tuple(path.name for path in first) == member.tokenizer_files
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert sum(path.stat().st_size for path in first) < 2**20


def test_the_engine_takes_them(member: Member, tmp_path: Path) -> None:
    write(member, tmp_path)
    tokenizer = load(member, tmp_path)
    assert len(tokenizer.ids("the end.", "en")) < len(tokenizer.ids("xqz ekd.", "en"))


@pytest.mark.parametrize("name", ["original", "multilingual"])
def test_what_the_guided_members_have_beyond_letters_is_there(name: str, tmp_path: Path) -> None:
    member = MEMBERS[name]
    tokenizer = Tokenizer.from_file(str(write(member, tmp_path)[0]))
    assert (tokenizer.token_to_id("[START]"), tokenizer.token_to_id("[STOP]")) == (255, 0)
    special = ["[UNK]", "[SPACE]", "[PAD]", "[SEP]", "[CLS]", "[MASK]"]
    if name == "multilingual":
        special += [f"[{language}]" for language in LANGUAGES] + [f"[cj_{key}]" for key in "abcxyz0123."]
    assert tokenizer.encode("".join(special)).tokens == special
    ids = tokenizer.get_vocab().values()
    assert len(set(ids)) == len(ids) <= member.text_vocabulary


def test_some_cangjie_characters_share_their_keys(tmp_path: Path) -> None:
    entries = json.loads(write(MEMBERS["multilingual"], tmp_path)[1].read_text(encoding="utf-8"))
    keys = [entry.split("\t")[1] for entry in entries]
    assert len(entries) >= 24
    assert keys.count("a") == 2


def test_turbo_has_the_sizes_of_gpt2_and_its_tags(tmp_path: Path) -> None:
    write(MEMBERS["turbo"], tmp_path)
    vocabulary, added = (json.loads((tmp_path / name).read_text()) for name in ("vocab.json", "added_tokens.json"))
    assert sorted(vocabulary.values()) == list(range(50_257))
    assert sorted(added.values()) == list(range(50_257, 50_276))
    assert set(added) == {f"[{tag}]" for tag in TAGS}


def test_the_command_line_writes_the_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "builder.random_tokenizer", "--member", "original", "--into", str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60)
    assert "tokenizer.json" in done.stdout
    assert (tmp_path / "tokenizer.json").exists()
