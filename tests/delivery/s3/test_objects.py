from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.delivery.s3.conditional import ConditionalStore, conditional_store, etag
from tests.delivery.s3.store import BUCKET
from worker.delivery.s3.objects import ObjectReader, etag_of
from worker.errors import DeliveryFailed

DATA = bytes(range(100))
KEY = "folder/key"


@pytest.fixture
def strict() -> Iterator[ConditionalStore]:
    with conditional_store() as running:
        running.objects[f"/{BUCKET}/{KEY}"] = DATA
        yield running


@pytest.fixture
def reader(strict: ConditionalStore) -> ObjectReader:
    return ObjectReader(strict.connection(), denied="denied")


def soon() -> float:
    return time.monotonic() + 5


def test_a_piece_tells_what_it_is_a_piece_of(reader: ObjectReader) -> None:
    piece = reader.piece(KEY, 10, most_bytes=20)
    assert piece is not None
    assert (piece.data, piece.total_bytes, piece.etag) == (DATA[10:30], 100, etag(DATA).strip('"'))
    assert reader.piece("nothing/there") is None


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_span_is_read_from_a_store_that_knows_no_ranges_too(
    strict: ConditionalStore, reader: ObjectReader, knows_ranges: bool
) -> None:
    strict.knows_ranges = knows_ranges
    stamp = etag(DATA).strip('"')
    assert reader.span(KEY, 10, 30, etag=stamp, until=soon()) == DATA[10:30]
    assert reader.span(KEY, 30, 30, etag=stamp, until=soon()) == b""
    assert reader.span(KEY, 10, 30, etag="another", until=soon()) is None


def test_a_span_beyond_the_end_and_one_that_takes_too_long_fail(reader: ObjectReader) -> None:
    stamp = etag(DATA).strip('"')
    with pytest.raises(DeliveryFailed, match="less than the object has"):
        reader.span(KEY, 90, 110, etag=stamp, until=soon())
    with pytest.raises(DeliveryFailed, match="too slow"):
        reader.span(KEY, 0, 10, etag=stamp, until=time.monotonic() - 1)


@pytest.mark.parametrize("given", ["abc", '"abc"', 'W/"abc"'])
def test_an_etag_is_the_same_however_it_is_written(given: str) -> None:
    assert etag_of({"ETag": given}) == "abc"
