"""The parser of URLs: what it takes, and that it has one reading of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fetch.hostile import OTHER_SPELLINGS
from worker.errors import UrlNotAllowed
from worker.fetch.limits import FetchLimits
from worker.fetch.target import Target, parsed, redirected

HTTPS = FetchLimits()
BOTH = FetchLimits(allow_http=True)
PIECES = ["http", "https", "://", ":", "/", "//", "\\", "@", "#", "?", "[", "]", "::1", "%00", "%2f", "127.0.0.1"]
PIECES += ["voice.test", "localhost", ".", "80", "443", "0x7f", "\t", "\n", " ", "\u00e9", "\u212a", "\ud800", "xn--a"]
urls = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://voice.test", Target(scheme="https", host="voice.test", port=443, path="/")),
        ("HTTPS://Voice.TEST:443/A?b#c", Target(scheme="https", host="voice.test", port=443, path="/A?b")),
        ("http://voice.test?a=/", Target(scheme="http", host="voice.test", port=80, path="/?a=/")),
        ("https://voice.test/%2e%2e/a:@b", Target(scheme="https", host="voice.test", port=443, path="/%2e%2e/a:@b")),
        ("https://a_b.voice.test/é", Target(scheme="https", host="a_b.voice.test", port=443, path="/%C3%A9")),
        ("https://1.1.1.1:80/", Target(scheme="https", host="1.1.1.1", port=80, path="/")),
        ("https://[2606:0:0::1]/", Target(scheme="https", host="2606::1", port=443, path="/")),
        ("https://xn--bcher-kva.test/", Target(scheme="https", host="xn--bcher-kva.test", port=443, path="/")),
        ("https://3.test/", Target(scheme="https", host="3.test", port=443, path="/")),
    ],
)
def test_a_sound_url_is_read(url: str, target: Target) -> None:
    assert parsed(url, BOTH) == target


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://voice.test:443/", "voice.test"),
        ("https://voice.test:80/", "voice.test:80"),
        ("https://[2606::1]/", "[2606::1]"),
        ("https://[2606::1]:80/", "[2606::1]:80"),
    ],
)
def test_the_host_header_names_a_port_that_is_not_the_schemes_own(url: str, authority: str) -> None:
    assert parsed(url, HTTPS).authority == authority


@pytest.mark.parametrize("host", OTHER_SPELLINGS)
def test_the_parser_alone_refuses_every_odd_spelling_of_a_host(host: str) -> None:
    with pytest.raises(UrlNotAllowed):
        parsed(f"https://{host}/", HTTPS)


@given(urls)
@settings(max_examples=1_000, deadline=None)
def test_any_text_is_a_target_with_one_reading_or_not_allowed(url: str) -> None:
    try:
        target = parsed(url, BOTH)
    except UrlNotAllowed:
        return
    again = parsed(f"{target.scheme}://{target.authority}{target.path}", BOTH)
    assert again == target
    assert target.path.isascii()
    assert target.path.isprintable()
    assert " " not in target.path
    assert target.port in BOTH.ports


@given(urls)
@settings(max_examples=1_000, deadline=None)
def test_any_redirect_is_a_target_or_not_allowed(location: str) -> None:
    start = parsed("https://voice.test/a/b?c", BOTH)
    try:
        target = redirected(start, location, BOTH)
    except UrlNotAllowed:
        return
    assert target.scheme == "https"
