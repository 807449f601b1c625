"""The .npy and .npz files that somebody hostile would leave, and damaged ones."""

from __future__ import annotations

import io
import os
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from builder.voices.legacy.errors import DamagedFile, LegacyError, TooLarge, UnsafeFile
from builder.voices.legacy.numpy_file import NpzFile, stored_in_npy
from builder.voices.legacy.stored_array import StoredArray
from tests.builder.voices.legacy.older_worker import RATE, outcomes, problem_in, tone


class Payload:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch canary",)


def npy(header: str, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    width = 2 if version[0] == 1 else 4
    return b"\x93NUMPY" + version + len(header).to_bytes(width, "little") + header.encode() + body


def header(dtype: str = "'<f4'", shape: str = "(2,)", order: str = "False") -> str:
    return f"{{'descr': {dtype}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def npz(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def saved(array: object) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array))
    return buffer.getvalue()


@pytest.mark.parametrize("version", [b"\x01\x00", b"\x02\x00", b"\x03\x00"])
def test_a_header_of_any_version_is_read(version: bytes) -> None:
    stored = stored_in_npy(npy(header(), np.array([1, 2], "<f4").tobytes(), version))
    assert isinstance(stored, StoredArray)
    assert stored.numbers().tolist() == [1, 2]


@pytest.mark.parametrize(
    "array", [np.zeros((2, 3), ">i2", order="F"), np.ones((1, 5)), np.array(7), np.zeros(0), np.array("é")]
)
def test_what_numpy_saves_is_read_as_numpy_reads_it(array: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    stored = stored_in_npy(saved(array))
    assert isinstance(stored, StoredArray)
    assert (stored.dtype, stored.shape) == (array.dtype, array.shape)
    assert not array.size or (stored.numbers() == array).all()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        npy("x" * 2000),
        npy(header()),
        npy(header(shape="(1099511627776,)"), b"\0" * 8),
        npy(header(shape="(4294967296, 4294967296, 4294967296)")),
        npy(header(shape="(0, 999999999999999999)"), b"\0"),
        npy(header(shape="(-2,)"), b"\0" * 8),
        npy(header(shape="(9999999999999999999999,)")),
        npy(header(shape="(2L,)"), b"\0" * 8),
        npy(header(dtype="'|O'"), b"\x80\x04N."),
        npy(header(dtype="'|O8'", shape="()"), b"\x80\x04N."),
        npy(header(dtype="[('a', '<f4')]"), b"\0" * 8),
        npy(header(dtype="'<V4'"), b"\0" * 8),
        npy(header(dtype="'<c8'"), b"\0" * 16),
        npy(header(dtype="'f4,O'")),
        npy(header(order="__import__('os').system('touch canary')")),
        npy(header(order="1")),
        npy("(" * 500),
        npy("-" * 900 + "1"),
        npy("{**{}}"),
        npy(header(), b"\0" * 8)[:40],
        npy(header(), b"\0" * 7),
        npy(header(), b"\0" * 9),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + header().encode(),
        b"\x93NUMPY\x09\x00" + b"\0" * 100,
    ],
)
def test_a_header_that_claims_what_is_not_there_is_refused(data: bytes) -> None:
    with pytest.raises((DamagedFile, UnsafeFile)):
        stored_in_npy(data)


def test_an_object_in_a_npy_file_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "voices").mkdir()
    for file, array in (("a.npy", np.array(Payload())), ("b.npy", np.array([Payload(), 1], dtype=object))):
        np.save(tmp_path / "voices" / file, array, allow_pickle=True)
    np.savez(tmp_path / "voices" / "c.npz", audio=np.array(Payload()), sample_rate=RATE)
    found = outcomes(tmp_path / "voices")
    assert [type(getattr(one, "error", one)) for one in found] == [UnsafeFile] * 3
    assert not (tmp_path / "canary").exists()


def test_a_zip_bomb_is_refused_before_anything_is_unfolded(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(npz({"audio.npy": b"\0" * (16 << 20)}))
    started = time.process_time()
    assert isinstance(problem_in(tmp_path).error, TooLarge)
    assert time.process_time() - started < 0.5


def test_an_entry_that_is_larger_than_it_says_is_damaged() -> None:
    data = npz({"audio.npy": saved(np.arange(1000.0))})
    size = len(saved(np.arange(1000.0))).to_bytes(4, "little")
    with pytest.raises(LegacyError):
        NpzFile(data.replace(size, (200).to_bytes(4, "little"))).fields(frozenset({"audio"}))


def test_too_many_entries_are_refused_before_any_is_listed() -> None:
    with pytest.raises(TooLarge):
        NpzFile(npz({f"{index}.npy": b"" for index in range(65)}))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_cannot_be_bounded_is_refused(compression: int) -> None:
    with pytest.raises(UnsafeFile):
        NpzFile(npz({"audio.npy": saved(tone())}, compression)).fields(frozenset({"audio"}))


def test_an_encrypted_entry_is_damaged() -> None:
    data = bytearray(npz({"audio.npy": saved(tone())}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DamagedFile):
        NpzFile(bytes(data)).fields(frozenset({"audio"}))


def test_a_name_in_a_zip_file_is_no_path(tmp_path: Path) -> None:
    (tmp_path / "voices").mkdir()
    entries = {"audio.npy": saved(tone()), "sample_rate.npy": saved(RATE), "../canary.npy": saved(1), "/etc/x.npy": b""}
    (tmp_path / "voices" / "a.npz").write_bytes(npz(entries))
    (voice,) = outcomes(tmp_path / "voices")
    assert getattr(voice, "dropped", None) == ("../canary", "/etc/x")
    assert [path.name for path in tmp_path.iterdir()] == ["voices"]


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"PK\x03\x04" * 20, b"\x80\x04N."])
def test_what_is_no_zip_file_is_damaged(data: bytes) -> None:
    with pytest.raises(DamagedFile):
        NpzFile(data)
