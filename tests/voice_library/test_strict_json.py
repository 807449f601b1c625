from __future__ import annotations

import pytest

from voice_library.strict_json import JsonError, parse_json


def test_plain_json_is_read() -> None:
    assert parse_json('{"a": [1, 2.5, "é", null]}'.encode()) == {"a": [1, 2.5, "é", None]}


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'[{"b":{"c":1,"c":1}}]',
        b"NaN",
        b'{"a":-Infinity}',
        b"\xff\xfe{\x00}\x00",
        b'"\xff"',
        b"{",
        b"",
        b"1" * 5000,
        b"[" * 60_000,
        b'{"a":' * 12_000,
    ],
    ids=lambda data: repr(data[:16]),
)
def test_what_json_parsers_let_pass_or_choke_on_is_refused(data: bytes) -> None:
    with pytest.raises(JsonError):
        parse_json(data)
