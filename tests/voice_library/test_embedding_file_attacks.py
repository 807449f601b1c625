"""Files that somebody hostile would send in place of a voice."""

from __future__ import annotations

import io
import json
import pickle
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from voice_library.embedding_file import read_voice, voice_from_bytes, voice_to_bytes
from voice_library.errors import InvalidVoiceFile
from voice_library.voice import Voice

MAX_SECONDS = 0.2
"""Processor time; each takes a few milliseconds at most, and the machine may be busy."""
MAX_BYTES = 2**20
"""Memory beyond the file itself."""

Header = dict[str, Any]


def header_of(data: bytes) -> Header:
    return dict(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]))


def with_header(data: bytes, text: str) -> bytes:
    body = data[8 + int.from_bytes(data[:8], "little") :]
    return len(text.encode()).to_bytes(8, "little") + text.encode() + body


def edited(data: bytes, edit: Callable[[Header], object]) -> bytes:
    header = header_of(data)
    edit(header)
    return with_header(data, json.dumps(header))


def metadata(**changes: str) -> Callable[[bytes], bytes]:
    return lambda data: edited(data, lambda header: header["__metadata__"].update(changes))


def without(key: str) -> Callable[[bytes], bytes]:
    return lambda data: edited(data, lambda header: header["__metadata__"].pop(key))


def audio(**changes: object) -> Callable[[bytes], bytes]:
    return lambda data: edited(data, lambda header: header["audio"].update(changes))


def renamed(old: str, new: str) -> Callable[[bytes], bytes]:
    return lambda data: edited(data, lambda header: header.update({new: header.pop(old)}))


def empty_tensors(count: int) -> bytes:
    entry = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    return with_header(b"", json.dumps({f"a/b/{i}": entry for i in range(count)}))


def overwritten(tensor: str, value: float, dtype: type[np.floating[Any]]) -> Callable[[bytes], bytes]:
    def attack(data: bytes) -> bytes:
        start = 8 + int.from_bytes(data[:8], "little") + header_of(data)[tensor]["data_offsets"][0]
        raw = dtype(value).tobytes()
        return data[:start] + raw + data[start + len(raw) :]

    return attack


def zip_file(_: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02.")
    return buffer.getvalue()


def overlapping(header: Header) -> None:
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            entry["data_offsets"] = [0, end - begin]


def twice(data: bytes) -> bytes:
    header = header_of(data)
    return with_header(data, json.dumps(header)[:-1] + f', "audio": {json.dumps(header["audio"])}}}')


ATTACKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "is empty"),
    "zeros": (lambda _: bytes(1000), "not a JSON object"),
    "zip": (zip_file, "zip archive"),
    "truncated header": (lambda data: data[:100], "truncated"),
    "truncated tensors": (lambda data: data[:-1], "1 bytes are missing"),
    "trailing bytes": (lambda data: data + b"\0", "1 bytes that belong to no tensor"),
    "huge header length": (lambda data: (2**64 - 1).to_bytes(8, "little") + data[8:], "header of at most 64 kB"),
    "header as long as the file": (lambda data: (len(data) - 8).to_bytes(8, "little") + data[8:], "not JSON"),
    "300,000 empty tensors": (lambda _: empty_tensors(300_000), "header of at most 64 kB"),
    "900 empty tensors in a short header": (lambda _: empty_tensors(900), "900 tensors"),
    "tensor twice": (twice, "same key twice"),
    "deep header": (lambda data: with_header(data, '{"a":' * 12_000), "nested too deep"),
    "deep list": (lambda data: with_header(data, '{"a":' + "[" * 60_000), "nested too deep"),
    "deep names": (metadata(names="[" * 8_000), "names: Invalid JSON"),
    "number of 60,000 digits": (lambda data: with_header(data, '{"a":' + "9" * 60_000 + "}"), "not JSON"),
    "NaN audio": (overwritten("audio", float("nan"), np.float32), "'audio' holds NaN"),
    "infinite embedding": (
        overwritten("chatterbox/v1.0/gen.feat", float("inf"), np.float16),
        "gen.feat' holds NaN or infinity",
    ),
    "overlapping tensors": (lambda data: edited(data, overlapping), "overlap"),
    "negative offsets": (audio(data_offsets=[-2800, 0]), "from zero up"),
    "offsets beyond the file": (audio(data_offsets=[2**62, 2**62 + 2800]), "overlap or leave a gap"),
    "shape of a huge product": (audio(shape=[2**31, 2**31, 2**31, 2**31]), "more than 16777216"),
    "shape whose product overflows to the truth": (audio(shape=[2**63, 2, 700]), "more than 16777216"),
    "negative shape": (audio(shape=[-70, -10]), "dimensions"),
    "audio of another dtype": (audio(dtype="I32"), "mono float32"),
    "audio of an unknown dtype": (audio(dtype="F4"), "dtype other than"),
    "stereo audio": (audio(shape=[2, 350]), "mono float32"),
    "unknown version": (metadata(format_version="2"), "format version '2'"),
    "no version": (without("format_version"), "format_version is missing"),
    "no id": (without("id"), "id: Field required"),
    "id that is a path": (metadata(id="../../etc/passwd"), "id: String should match"),
    "id with a line break": (metadata(id="test-voice\n"), "'id' is not a short printable"),
    "unknown metadata": (metadata(surprise="1"), "surprise: Extra"),
    "names that are no list": (metadata(names='{"a": 1}'), "names: Input should be"),
    "no names": (metadata(names="[]"), "names: Tuple should have at least 1"),
    "2,000 names": (metadata(names=json.dumps(["a"] * 2000)), "'names' is not a short"),
    "unprintable licence": (metadata(licence="a\x1b[2Jb"), "'licence' is not a short printable"),
    "sample rate of 1": (metadata(sample_rate="1"), "greater than or equal to 4000"),
    "sample rate of a billion": (metadata(sample_rate="1000000000"), "less than or equal to 192000"),
    "sample rate that is no number": (metadata(sample_rate="nan"), "sample_rate: Input should be a valid integer"),
    "wrong duration": (metadata(duration_sec="59.0"), "does not match the audio"),
    "endless duration": (metadata(duration_sec="inf"), "finite number"),
    "audio without a sample rate": (without("sample_rate"), "belong together"),
    "sample rate without audio": (renamed("audio", "a/b/c"), "belong together"),
    "tensor that is a path": (renamed("chatterbox/5c1f8e2/codes", "../../etc/passwd"), "is not <engine>"),
    "tensor of nobody": (renamed("chatterbox/5c1f8e2/codes", "codes"), "is not <engine>"),
    "settings that are no settings": (metadata(engines='{"espeak": {"voice": ["a"]}}'), "engines.espeak.voice"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_file_is_refused_for_what_it_is_quickly_and_without_memory(name: str, voice: Voice) -> None:
    attack, complaint = ATTACKS[name]
    data = attack(voice_to_bytes(voice))
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(InvalidVoiceFile, match=complaint):
        voice_from_bytes(data)
    seconds = time.process_time() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < MAX_SECONDS
    assert peak < MAX_BYTES


def test_the_attacks_start_from_a_file_that_is_read(voice: Voice) -> None:
    assert voice_from_bytes(edited(voice_to_bytes(voice), lambda _: None)).id == voice.id


def test_no_message_repeats_what_the_file_says(voice: Voice) -> None:
    marked = metadata(id="SECRET" * 20, names='["SECRET', licence="SECRET" * 500)(voice_to_bytes(voice))
    with pytest.raises(InvalidVoiceFile) as caught:
        voice_from_bytes(marked)
    assert "SECRET" not in str(caught.value)


class Payload:
    """Unpickling this creates a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_named_safetensors_never_runs(protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker, file = tmp_path / "ran", tmp_path / "v.safetensors"
    payload = pickle.dumps(Payload(marker), protocol)
    file.write_bytes(payload)
    pickle.loads(payload)  # noqa: S301 - the payload is live: without this the test could not fail
    marker.unlink()

    def refuse(*_: object, **__: object) -> NoReturn:
        pytest.fail("something was unpickled")

    for door in ("load", "loads", "Unpickler", "_load", "_loads", "_Unpickler"):
        monkeypatch.setattr(pickle, door, refuse)
    with pytest.raises(InvalidVoiceFile, match="safetensors"):
        read_voice(file)
    assert not marker.exists()
