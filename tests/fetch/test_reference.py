"""A recording by URL, as a data: URI or in base64."""

from __future__ import annotations

import base64
import random
import tracemalloc

import pytest

from tests.fetch.servers import answering, fetcher, serving
from worker.errors import FetchTooLarge, InvalidRequest, UrlNotAllowed
from worker.fetch.fetcher import Fetcher
from worker.fetch.limits import FetchLimits
from worker.fetch.reference import reference_bytes

SOUND = random.Random(5).randbytes(10_000)
PLAIN = base64.b64encode(SOUND).decode("ascii")


@pytest.fixture(scope="module")
def offline() -> Fetcher:
    """One that must not be asked for a URL."""

    def forbidden(_host: str, _port: int) -> list[str]:
        raise AssertionError

    return Fetcher(limits=FetchLimits(max_bytes=10_000), resolver=forbidden)


@pytest.mark.parametrize(
    "source",
    [
        PLAIN,
        PLAIN.rstrip("="),
        base64.urlsafe_b64encode(SOUND).decode("ascii"),
        base64.encodebytes(SOUND).decode("ascii"),
        f"\n{PLAIN}\r\n",
        f"data:audio/wav;base64,{PLAIN}",
        f"data:;base64,{PLAIN}",
        f"DATA:audio/ogg;codecs=opus;BASE64,{PLAIN}",
    ],
    ids=["plain", "unpadded", "url-safe", "in lines", "with white space", "data: URI", "bare data: URI", "in capitals"],
)
def test_base64_in_every_dress_is_decoded(source: str, offline: Fetcher) -> None:
    assert reference_bytes(source, fetcher=offline) == SOUND


def test_a_url_is_fetched() -> None:
    with serving(answering(SOUND)) as server:
        assert reference_bytes(f" {server.url()}\n", fetcher=fetcher(server)) == SOUND


@pytest.mark.parametrize("source", ["file:///etc/passwd", "http://127.0.0.1/", "gopher:x", "C:\\voice.wav", "a:"])
def test_what_looks_like_a_url_is_held_to_the_rules_of_urls(source: str, offline: Fetcher) -> None:
    with pytest.raises(UrlNotAllowed):
        reference_bytes(source, fetcher=offline)


@pytest.mark.parametrize(
    "source",
    [
        "voice.wav",
        "data:audio/wav,abcd",
        "data:audio/wav;base64",
        "data:audio/wav;base64,%41%41",
        f"data:{'a' * 300};base64,AAAA",
        "AAAA=AAAA",
        "A",
        "AAAAé",
        "AAAA\x00",
        "AAAA\ud800",
        "(AAAA)",
    ],
)
def test_what_is_none_of_the_three_is_refused(source: str, offline: Fetcher) -> None:
    with pytest.raises(InvalidRequest, match="base64") as raised:
        reference_bytes(source, fetcher=offline)
    assert source not in str(raised.value)


@pytest.mark.parametrize("prefix", ["", "data:audio/wav;base64,"])
@pytest.mark.parametrize("extra_bytes", [1, 2, 3, 100, 10_000])
def test_what_decodes_to_more_than_the_limit_is_refused(prefix: str, extra_bytes: int, offline: Fetcher) -> None:
    source = prefix + base64.b64encode(bytes(10_000 + extra_bytes)).decode("ascii")
    with pytest.raises(FetchTooLarge, match="10000"):
        reference_bytes(source, fetcher=offline)


def test_a_huge_source_is_refused_before_anything_is_made_of_it(offline: Fetcher) -> None:
    source = "A" * (64 * 2**20)
    tracemalloc.start()
    with pytest.raises(FetchTooLarge):
        reference_bytes(source, fetcher=offline)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_nothing_but_white_space_is_empty_and_within_every_limit(offline: Fetcher) -> None:
    assert reference_bytes(" \n", fetcher=offline) == b""
