from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.delivery.s3.key import object_key
from worker.settings_s3 import DEFAULT_KEY_TEMPLATE, key_prefix, key_template

DAY = dt.date(2026, 11, 20)


def key(template: str = DEFAULT_KEY_TEMPLATE, prefix: str | None = None, *, job_id: str = "j-1") -> str:
    return object_key(template, prefix, job_id=job_id, digest="0a1b", extension=".wav", voice="sarah", day=DAY)


def test_the_default_key_is_the_job_and_the_request() -> None:
    assert key() == "j-1/0a1b.wav"


def test_every_placeholder_is_filled() -> None:
    assert key("{date}/{voice}/{job}_{digest}{extension}", "a/b") == "a/b/2026-11-20/sarah/j-1_0a1b.wav"


def test_the_same_job_and_request_have_the_same_key_and_others_another() -> None:
    assert key(job_id="é/1") == key(job_id="é/1") != key(job_id="é/2")


@given(st.text())
def test_no_job_id_makes_a_path(job_id: str) -> None:
    made = key(job_id=job_id)
    assert made.isascii()
    assert made.count("/") == 1
    assert len(made) < 200
    assert all(part not in ("", ".", "..") for part in made.split("/"))


@pytest.mark.parametrize(
    ("template", "word"),
    [
        ("{job}/{text}", "'text'"),
        ("{job.__class__}", "'job.__class__'"),
        ("{job!r}", "no format"),
        ("{job:>9}", "no format"),
        ("{job", "expected"),
        ("audio{extension}", "the same key"),
        ("../{job}", "single slashes"),
        ("/{job}", "single slashes"),
        ("{job}//{digest}", "single slashes"),
        ("{job}?{digest}", "letters"),
        ("{}{job}", "''"),
    ],
)
def test_a_template_that_cannot_make_keys_is_refused(template: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        key_template(template)


@pytest.mark.parametrize("prefix", ["a/../b", "a//b", "a b", "é", "."])
def test_a_prefix_is_a_plain_path(prefix: str) -> None:
    assert key_prefix("/tts/v1/") == "tts/v1"
    with pytest.raises(ValueError, match="prefix"):
        key_prefix(prefix)
