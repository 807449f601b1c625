"""Damaged files of every kind: each is read as a voice or is a problem, and nothing else happens."""

from __future__ import annotations

import gzip
import io
import pickle
import pickletools
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.voices.legacy.errors import LegacyError
from builder.voices.legacy.pickled.instructions import ALLOWED
from builder.voices.legacy.voice import LegacyProblem, LegacyVoice
from tests.builder.voices.legacy.older_worker import fields, outcomes, tone

BOUNDED = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
"""The same examples every time; each takes about a millisecond."""


def numpy_file(save: Callable[..., None], **content: object) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **content)
    return buffer.getvalue()


def pickled(protocol: int) -> bytes:
    return pickle.dumps(fields(audio=tone(8), rate=np.float32(1), tags=[1, {"a": (1, 2)}]), protocol)


SOUND = {
    **{f"{protocol}.pkl": pickled(protocol) for protocol in range(6)},
    "a.pkl.gz": gzip.compress(pickled(4)),
    "plain.npy": numpy_file(np.save, arr=tone(8)),
    "dict.npy": numpy_file(np.save, arr=np.array(fields(audio=tone(8)), dtype=object)),
    "a.npz": numpy_file(np.savez, audio=tone(8), sample_rate=24_000),
    "deflated.npz": numpy_file(np.savez_compressed, audio=tone(8), sample_rate=24_000),
    "voice_catalog.json": b'{"voices": [{"name": "a", "file": "a.pkl", "gender": "f", "sample_rate": 24000}]}',
    "name_mapping.json": b'{"A": "a", "B": "b"}',
}
KINDS = ("replace", "insert", "delete", "cut")
Edit = tuple[str, float, bytes]
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["replace", "insert", "delete", "cut"]), st.floats(0, 1), st.binary(min_size=1, max_size=4)
    ),
    min_size=1,
    max_size=6,
)


def edited(data: bytes, edits: list[Edit]) -> bytes:
    changed = bytearray(data)
    for kind, where, new in edits:
        at = int(where * len(changed))
        if kind == "cut":
            del changed[at:]
        else:
            changed[at : at + (0 if kind == "insert" else len(new))] = b"" if kind == "delete" else new
    return bytes(changed)


def read_alone(file: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / file).write_bytes(data)
        for one in outcomes(Path(folder), 24_000):
            if isinstance(one, LegacyVoice):
                assert one.samples.dtype == np.float32
                assert one.samples.ndim == 1
                assert np.abs(one.samples).max() <= 1
            else:
                assert isinstance(one, LegacyProblem)
                assert isinstance(one.error, LegacyError)
                assert folder not in str(one.error)


@pytest.mark.parametrize("file", SOUND)
def test_a_sound_file_is_no_problem_unless_it_is_a_catalogue_without_voices(file: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / file).write_bytes(SOUND[file])
        (found,) = outcomes(Path(folder), 24_000)
        assert isinstance(found, LegacyProblem if file.endswith("json") else LegacyVoice)


@pytest.mark.parametrize("file", SOUND)
def test_a_damaged_file_is_a_voice_or_a_problem(file: str) -> None:
    @BOUNDED
    @given(EDITS)
    def check(edits: list[Edit]) -> None:
        read_alone(file, edited(SOUND[file], edits))

    check()


def test_a_damaged_pickle_within_sound_gzip_is_a_voice_or_a_problem() -> None:
    @BOUNDED
    @given(EDITS)
    def check(edits: list[Edit]) -> None:
        read_alone("a.pkl.gz", gzip.compress(edited(pickled(5), edits), 1))

    check()


def test_any_instructions_in_any_order_are_a_voice_or_a_problem() -> None:
    codes = [opcode.code.encode("latin1") for opcode in pickletools.opcodes if opcode.name in ALLOWED]
    values = [b"K\x01", b"N", b"\x8c\x05audio", b"C\x04\0\0\x80?", b"}", b"]", b"(", b")", b"\x94", b"h\x00"]

    @settings(BOUNDED, max_examples=300)
    @given(st.lists(st.sampled_from(codes + values * 3), max_size=30))
    def check(parts: list[bytes]) -> None:
        read_alone("a.pkl", b"\x80\x04" + b"".join(parts) + b".")

    check()
