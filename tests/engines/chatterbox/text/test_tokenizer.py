"""Token ids are upstream's on the same files, in every language; what cannot be read is refused, not cut or skipped."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engines.chatterbox.text.spoken import SENTENCES
from tests.engines.chatterbox.text.upstream import Ids
from worker.engines.chatterbox.member import LANGUAGES, MEMBERS, Member
from worker.engines.chatterbox.text.punctuation import punctuated
from worker.engines.chatterbox.text.tokenizer import Tokenizer, load
from worker.engines.tags import TAGS, stripped
from worker.errors import EmptyText, TextTooLong, UnreadableText, UnsupportedLanguage

Folders = Callable[[str], Path]
Upstream = Callable[[str], Ids]
MULTILINGUAL = MEMBERS["multilingual"]
MIXED = st.text(
    st.characters(codec="utf-8")
    | st.sampled_from("日曰你好안녕が가ガéñß [].,'\"\n")
    | st.sampled_from(list("etaoin shrdlu")),
    min_size=1,
    max_size=40,
)
PIECES = st.lists(
    st.sampled_from([f"[{tag}]" for tag in TAGS] + ["[en]", "[SPACE]", "[UNK]", "[cj_a]", "<|endoftext|>", " ", "the"]),
    min_size=1,
    max_size=6,
).map("".join)
SHARED = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)  # the fixtures are read only


@pytest.fixture
def tokenizer(member: Member, folders: Folders) -> Tokenizer:
    return load(member, folders(member.name))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_has_upstreams_ids(language: str, folders: Folders, upstream: Upstream) -> None:
    text = punctuated(SENTENCES[language], MULTILINGUAL)
    ids = load(MULTILINGUAL, folders(MULTILINGUAL.name)).ids(text, language)
    assert ids == upstream(MULTILINGUAL.name)(text, language)
    assert len(ids) > len(text) / 3


def test_any_text_has_upstreams_ids(member: Member, tokenizer: Tokenizer, upstream: Upstream) -> None:
    theirs = upstream(member.name)

    @SHARED
    @given(text=MIXED | PIECES, language=st.sampled_from(sorted(member.languages)))
    def check(text: str, language: str) -> None:
        if not text.strip():
            return
        try:
            ids = tokenizer.ids(text, language)
        except UnreadableText:
            assert member.guided
            ids = tokenizer.ids(f"{text} the", language)
            assert ids == theirs(f"{text} the", language)
        else:
            assert ids == theirs(text, language)
        assert ids
        assert all(0 <= number < member.text_vocabulary for number in ids)

    check()


def test_a_text_of_a_region_is_one_of_its_language(folders: Folders) -> None:
    tokenizer = load(MULTILINGUAL, folders(MULTILINGUAL.name))
    assert tokenizer.ids("Bom dia.", "pt-BR") == tokenizer.ids("Bom dia.", "PT") != tokenizer.ids("Bom dia.", "es")


def test_guided_members_read_a_text_between_start_and_stop(member: Member, tokenizer: Tokenizer) -> None:
    ids = tokenizer.ids("the end.", "en")
    assert ((ids[0], ids[-1]) == (255, 0)) == member.guided


@pytest.mark.parametrize("tag", sorted(TAGS))
@pytest.mark.parametrize("name", ["turbo", "nano"])
def test_a_tag_is_one_token_of_its_own(name: str, tag: str, folders: Folders) -> None:
    member = MEMBERS[name]
    tokenizer = load(member, folders(member.name))
    with_tag = tokenizer.ids(stripped(f"the [{tag.upper()}] end.", member.tags).text, "en")
    found = [number for number in with_tag if number >= 50_257]
    assert len(found) == 1
    assert with_tag == [*tokenizer.ids("the ", "en"), *found, *tokenizer.ids(" end.", "en")]


def test_tags_have_tokens_that_differ(folders: Folders) -> None:
    tokenizer = load(MEMBERS["turbo"], folders("turbo"))
    assert len({tuple(tokenizer.ids(f"[{tag}]", "en")) for tag in TAGS}) == len(TAGS) == 19


@pytest.mark.parametrize("tag", sorted(TAGS))
@pytest.mark.parametrize("name", ["original", "multilingual"])
def test_members_without_tags_read_what_is_left_without_them(name: str, tag: str, folders: Folders) -> None:
    member = MEMBERS[name]
    tokenizer = load(member, folders(member.name))
    text = stripped(f"the [{tag}] end.", member.tags).text
    assert tokenizer.ids(text, "en") == tokenizer.ids("the end.", "en")


def test_characters_that_are_typed_alike_are_read_differently(folders: Folders) -> None:
    tokenizer = load(MULTILINGUAL, folders(MULTILINGUAL.name))
    assert tokenizer.ids("日。", "zh") != tokenizer.ids("曰。", "zh")


@pytest.mark.parametrize("text", ["", "  \n", "\u3000"])
def test_a_blank_text_is_refused(tokenizer: Tokenizer, text: str) -> None:
    with pytest.raises(EmptyText):
        tokenizer.ids(text, "en")


def test_half_a_character_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(UnreadableText, match="surrogates"):
        tokenizer.ids("the \ud800 end", "en")


@pytest.mark.parametrize("name", ["original", "multilingual"])
def test_a_text_of_unknown_letters_is_refused(name: str, folders: Folders) -> None:
    tokenizer = load(MEMBERS[name], folders(name))
    with pytest.raises(UnreadableText, match="no letter"):
        tokenizer.ids("สวัสดี, โลก.", "en")


def test_a_text_of_marks_alone_is_read_as_upstream_reads_it(
    member: Member, tokenizer: Tokenizer, upstream: Upstream
) -> None:
    assert tokenizer.ids(", -.", "en") == upstream(member.name)(", -.", "en")


def test_another_language_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(UnsupportedLanguage, match="en"):
        tokenizer.ids("Bonjou.", "ht")
    with pytest.raises(UnsupportedLanguage):
        tokenizer.shortcomings("ht")


def test_a_long_text_is_refused_and_never_cut(member: Member, folders: Folders) -> None:
    whole = load(member, folders(member.name)).ids("the end " * 40, "en")
    assert load(member, folders(member.name), max_text_tokens=len(whole)).ids("the end " * 40, "en") == whole
    with pytest.raises(TextTooLong, match=f"{len(whole)} tokens.*room for {len(whole) - 1}"):
        load(member, folders(member.name), max_text_tokens=len(whole) - 1).ids("the end " * 40, "en")


def test_turbo_reads_on_where_upstream_cuts(folders: Folders, upstream: Upstream) -> None:
    turbo, text = MEMBERS["turbo"], "the end " * 400
    ids = load(turbo, folders(turbo.name)).ids(text, "en")
    cut = upstream(turbo.name)(text, "en")
    assert len(cut) == 1024 < len(ids)
    assert ids[: len(cut)] == cut


def test_threads_share_a_tokenizer(member: Member, tokenizer: Tokenizer) -> None:
    languages = sorted(member.languages)
    draw = random.Random(3)
    texts = [
        ("".join(draw.choices("the quick brown 日你 안녕 [laugh] é", k=60)) + " e", draw.choice(languages))
        for _ in range(200)
    ]
    alone = [tokenizer.ids(text, language) for text, language in texts]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda item: tokenizer.ids(*item), texts * 3))
    assert together == alone * 3


def test_loading_asks_no_server(member: Member, folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert load(member, folders(member.name)).ids("the end.", "en")


def test_a_language_without_a_token_of_its_own_is_told(tmp_path: Path, folders: Folders) -> None:
    for name in MULTILINGUAL.tokenizer_files:
        content = (folders(MULTILINGUAL.name) / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(content.replace("[sw]", "[qq]"), encoding="utf-8")
    tokenizer = load(MULTILINGUAL, tmp_path)
    assert "'sw'" in tokenizer.shortcomings("sw")[0]
    assert tokenizer.shortcomings("fr") == ()


def test_a_larger_table_takes_the_same_files(folders: Folders) -> None:
    member = replace(MULTILINGUAL, text_vocabulary=9_999)
    assert load(member, folders(MULTILINGUAL.name)).ids("the end.", "en")
