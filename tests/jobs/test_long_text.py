"""The long-text job through the service: books, parts, what lies beside them, and what goes wrong half-way."""

from __future__ import annotations

import base64
import io
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
import psutil
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tests.audio.test_chapters import read_tag
from tests.conftest import Caller, fresh
from tests.delivery.s3.store import BUCKET, Store
from tests.hearing.recogniser import heard_digits, word_accuracy
from tests.hearing.test_heard import CLEAR_VOICE, digits, groups
from tests.jobs.books import book
from worker.engines.base import Take
from worker.jobs.context import Job, Worker
from worker.jobs.script import Seeds
from worker.reply import ErrorReply, FileReply, LongTextReply, Reply
from worker.service import Service
from worker.settings import Settings

SHORT = book(3_000, 3)
TINY = book(600, 3)
PLAIN = {"type": "long_text", "text": SHORT, "document_kind": "markdown", "response_format": "wav", "seed": 5}


def long_text(reply: Reply) -> LongTextReply:
    assert isinstance(reply, LongTextReply), reply
    return reply


def refusal(reply: Reply) -> ErrorReply:
    assert isinstance(reply, ErrorReply), reply
    return reply


def content(file: FileReply | None) -> bytes:
    assert file is not None
    data = base64.b64decode(file.base64) if file.base64 else Path(file.path or "").read_bytes()
    assert len(data) == file.size_bytes
    return data


def samples(path: str | None) -> np.ndarray:
    return soundfile.read(path, dtype="int16")[0]


def seeds(said: list[str]) -> dict[str, list[int]]:
    """The seeds of the utterances of a job, in order, by what is said."""
    found, each = defaultdict(list), Seeds(7)
    for text in said:
        found[text].append(each.of(text))
    return found


def left_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@dataclass(frozen=True)
class Made:
    """A book of 60,000 characters, each chapter a file, and the memory that was used on the way."""

    reply: LongTextReply
    manifest: dict[str, list[dict[str, object]]]
    folder: Path
    resident: list[int]


class Sampler:
    """The process's resident memory, in bytes, ten times a second."""

    def __init__(self) -> None:
        self.resident: list[int] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        process = psutil.Process()
        while not self._ended.wait(0.1):
            self.resident.append(process.memory_info().rss)


@pytest.fixture(scope="module")
def made(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("volume")
    given_book = base64.b64encode(book(60_000, 8).encode()).decode()
    with Sampler() as sampler:
        reply = long_text(
            Service(fresh(worker, volume_dir=folder)).run(
                Job(id="made"),
                {
                    "type": "long_text",
                    "document": given_book,
                    "split": "chapter",
                    "captions": "json",
                    "delivery": "volume",
                    "response_format": "wav",
                    "speed": 2,
                },
            )
        )
    return Made(reply, json.loads(content(reply.manifest)), folder, sampler.resident)


def test_each_chapter_is_a_file_under_its_own_number(made: Made) -> None:
    assert [chapter.title for chapter in made.reply.chapters][:2] == ["Chapter 1: one", "Chapter 2: two"]
    assert [chapter.part for chapter in made.reply.chapters] == list(range(1, 9))
    names = [Path(part.audio_path or "").name for part in made.reply.parts]
    assert [name[-8:] for name in names] == [f"-{number:03}.wav" for number in range(1, 9)]
    assert made.reply.audio_path is None
    assert sum(part.duration_sec for part in made.reply.parts) == pytest.approx(made.reply.duration_sec, abs=0.01)
    assert sum(part.size_bytes for part in made.reply.parts) == made.reply.size_bytes
    files = [Path(name).suffixes[-1] for name in left_in(made.folder)]
    assert sorted(files) == sorted([".wav"] * 8 + [".json"] * 9 + [".cue"])


def test_the_files_are_as_long_as_the_reply_says(made: Made) -> None:
    for part in made.reply.parts:
        info = soundfile.info(part.audio_path)
        assert info.frames / info.samplerate == pytest.approx(part.duration_sec, abs=0.001)


def test_the_manifest_has_every_utterance_of_the_book_in_order(made: Made) -> None:
    said = made.manifest["utterances"]
    assert len(said) == made.reply.metrics.utterances
    spans = [(each["start"], each["end"]) for each in said]
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert [each["chapter"] for each in said] == sorted(each["chapter"] for each in said)
    assert {each["verdict"] for each in said} == {"ok"}
    assert [part["name"] for part in made.manifest["parts"]] == [
        Path(part.audio_path or "").name for part in made.reply.parts
    ]


def test_captions_stand_where_their_words_sound(made: Made) -> None:
    for part in made.reply.parts:
        cues = json.loads(content(part.captions))
        said = [each for each in made.manifest["utterances"] if each["part"] == part.number]
        assert [cue["start_sec"] for cue in cues] == [each["start_sec"] for each in said]
        assert all(before["end_sec"] <= after["start_sec"] for before, after in pairwise(cues))
        assert cues[-1]["end_sec"] <= part.duration_sec + 0.001
        audio, rate = soundfile.read(part.audio_path, dtype="float32")
        for before, after in pairwise(cues):
            gap = audio[round((before["end_sec"] + 0.002) * rate) : round((after["start_sec"] - 0.002) * rate)]
            assert np.abs(gap).max(initial=0) < 0.001
            sound = audio[round(after["start_sec"] * rate) : round(after["end_sec"] * rate)]
            assert np.abs(sound).max() > 0.01


def test_memory_does_not_grow_with_the_book(made: Made) -> None:
    settled = made.resident[len(made.resident) // 4]
    assert max(made.resident[len(made.resident) // 4 :]) - settled < 24 * 2**20


def test_the_cue_sheet_names_the_files(made: Made) -> None:
    lines = content(made.reply.cue_sheet).decode().splitlines()
    files = [line.split('"')[1] for line in lines if line.startswith("FILE")]
    assert files == [Path(part.audio_path or "").name for part in made.reply.parts]
    assert sum("TRACK" in line for line in lines) == 8


def test_parts_are_the_whole_one_after_another(worker: Worker, tmp_path: Path) -> None:
    service = Service(fresh(worker, volume_dir=tmp_path))
    ask = partial(Caller(service), **PLAIN, delivery="volume")
    whole = long_text(ask("whole"))
    for split in ("chapter", {"every_min": 0.5}):
        apart = long_text(ask("apart", split=split))
        assert len(apart.parts) > 2
        joined = np.concatenate([samples(part.audio_path) for part in apart.parts])
        assert np.array_equal(joined, samples(whole.audio_path))


def test_parts_by_length_are_no_longer_than_asked_for(worker: Worker, tmp_path: Path) -> None:
    service = Service(fresh(worker, volume_dir=tmp_path))
    reply = long_text(Caller(service)(**PLAIN, delivery="volume", split={"every_min": 0.5}))
    assert all(part.duration_sec <= 30 for part in reply.parts)
    assert all(one.duration_sec + two.duration_sec > 30 for one, two in pairwise(reply.parts))
    heard = [(chapter.number, chapter.part) for chapter in reply.chapters]
    assert heard == sorted(heard)
    assert {number for number, _ in heard} == {1, 2, 3}


def test_a_new_chapter_is_heard_as_one(ask: Caller) -> None:
    reply = long_text(ask(**{**PLAIN, "text": TINY}))
    assert len(reply.chapters) == 3
    for before, after in pairwise(reply.chapters):
        assert after.start_sec - before.end_sec == pytest.approx(1.5, abs=0.002)


def test_a_short_book_comes_in_the_reply_with_all_that_belongs_to_it(ask: Caller) -> None:
    reply = long_text(ask(**{**PLAIN, "text": TINY, "response_format": "mp3"}, captions="srt"))
    audio = base64.b64decode(reply.audio_base64 or "")
    assert len(audio) == reply.size_bytes
    decoded, rate = soundfile.read(io.BytesIO(audio))
    assert len(decoded) / rate == pytest.approx(reply.duration_sec, abs=0.1)
    order, chapters, _ = read_tag(audio)
    assert [chapters[key].title for key in order] == [chapter.title for chapter in reply.chapters]
    assert [chapters[key].start_ms for key in order] == [round(chapter.start_sec * 1000) for chapter in reply.chapters]
    (part,) = reply.parts
    assert part.audio_base64 is None
    assert content(part.captions).decode().startswith("1\n00:00:00,000 --> ")
    assert json.loads(content(reply.manifest))["seed"] == 5
    assert reply.warnings == ()


def test_chapter_marks_can_be_left_out(ask: Caller) -> None:
    reply = long_text(ask(**{**PLAIN, "text": TINY, "response_format": "mp3"}, chapter_marks="none"))
    assert base64.b64decode(reply.audio_base64 or "")[:2] == b"\xff\xf3"
    assert reply.cue_sheet is None


def test_it_sounds_as_a_synthesis_of_the_same_text(ask: Caller) -> None:
    text = "Hello there. [pause:1s] This is the second sentence.\n\nAnd a paragraph of 12 words, or 13."
    request = {"text": text, "response_format": "wav", "seed": 3, "chunk_size": 60}
    plain = ask(**request)
    assert long_text(ask(type="long_text", chapters="none", **request)).audio_base64 == plain.audio_base64


def test_what_is_beside_the_audio_is_left_out_where_the_reply_has_no_room(
    ask: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = {**PLAIN, "text": TINY, "response_format": "mp3", "delivery": "inline", "captions": "json"}
    size_bytes = long_text(ask(**request)).size_bytes
    monkeypatch.setattr("worker.delivery.inline.RUN_LIMIT_BYTES", 4 * size_bytes // 3 + 14_000)
    reply = long_text(ask(**request))
    assert reply.audio_base64
    assert (reply.parts[0].captions, reply.manifest) == (None, None)
    assert [warning.split(" of ")[0] for warning in reply.warnings] == ["the captions", "the manifest"]
    monkeypatch.setattr("worker.delivery.inline.RUN_LIMIT_BYTES", size_bytes)
    assert refusal(ask(**request)).error.code == "payload_too_large"


def test_what_is_beside_the_audio_goes_where_the_audio_goes(
    worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.delivery.inline.RUN_LIMIT_BYTES", 100_000)
    service = Service(fresh(worker, volume_dir=tmp_path))
    reply = long_text(Caller(service)(**PLAIN, captions="vtt"))
    assert reply.audio_path
    assert reply.manifest is not None
    assert reply.manifest.path
    assert {Path(name).name.partition(".")[2] for name in left_in(tmp_path)} == {"wav", "vtt", "manifest.json", "cue"}


def test_the_same_job_again_writes_the_same_files(worker: Worker, tmp_path: Path) -> None:
    ask = partial(Caller(Service(fresh(worker, volume_dir=tmp_path))), "again", **PLAIN)
    first = long_text(ask(split="chapter"))
    before = {name: (tmp_path / name).read_bytes() for name in left_in(tmp_path)}
    assert long_text(ask(split="chapter")).parts == first.parts
    assert {name: (tmp_path / name).read_bytes() for name in left_in(tmp_path)} == before


@given(
    st.lists(st.sampled_from("abcdef"), max_size=30),
    st.integers(0, 30),
    st.integers(0, 5),
    st.lists(st.sampled_from("efgh"), max_size=5),
)
def test_a_changed_paragraph_leaves_the_seeds_of_all_else(
    said: list[str], place: int, gone: int, new: list[str]
) -> None:
    before = seeds(said)
    after = seeds([*said[:place], *new, *said[place + gone :]])
    for text, old in before.items():
        kept = after.get(text, [])
        assert kept[: len(old)] == old[: len(kept)]


@given(st.lists(st.text(max_size=5), max_size=40))
def test_no_two_utterances_of_a_job_share_a_seed(said: list[str]) -> None:
    each = Seeds(7)
    assert len({each.of(text) for text in said}) == len(said)


@pytest.fixture(scope="module")
def clear(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    voices = tmp_path_factory.mktemp("voices")
    (voices / "catalog.json").write_text(json.dumps({"format_version": 1, "voices": [CLEAR_VOICE], "profiles": []}))
    loaded = Worker.load(Settings(engines=("espeak",), voices_dir=voices, default_voice="clear"))
    yield loaded
    loaded.close()


def test_the_digits_of_a_chapter_are_heard_in_it_in_order(clear: Worker, tmp_path: Path) -> None:
    chapters = [digits(seed) for seed in (1, 2, 3)]
    text = "\n\n".join(f"# Part\n\n{'. '.join(' '.join(group) for group in groups(words))}." for words in chapters)
    service = Service(fresh(clear, volume_dir=tmp_path))
    reply = long_text(Caller(service)(**{**PLAIN, "text": text, "voice": "clear"}, split="chapter", delivery="volume"))
    heard = heard_digits(Path(reply.parts[1].audio_path or ""), tmp_path)
    assert word_accuracy(chapters[1], heard) >= 0.85
    assert word_accuracy(chapters[0], heard) < 0.4


def test_a_cancelled_job_leaves_no_file_that_is_not_whole(worker: Worker, tmp_path: Path) -> None:
    service, draw = Service(fresh(worker, volume_dir=tmp_path)), random.Random(4)
    outcomes = []
    for turn in range(6):
        job = Job(id=f"cancelled-{turn}")
        timer = threading.Timer(draw.uniform(0, 0.6), job.cancellation.cancel)
        timer.start()
        reply = service.run(job, {**PLAIN, "split": {"every_min": 0.2}, "delivery": "volume", "captions": "srt"})
        timer.join()
        outcomes.append(refusal(reply).error.code if isinstance(reply, ErrorReply) else "ok")
    assert set(outcomes) <= {"ok", "cancelled"}
    assert "cancelled" in outcomes
    for name in left_in(tmp_path):
        assert not Path(name).name.startswith(".partial")
        if name.endswith(".wav"):
            assert soundfile.info(tmp_path / name).frames > 0


def when(happens: Callable[[], bool], then: Callable[[], None]) -> threading.Thread:
    def wait() -> None:
        deadline = time.monotonic() + 30
        while not happens() and time.monotonic() < deadline:
            time.sleep(0.005)
        then()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_parts_in_a_bucket_stay_when_the_store_is_lost(worker: Worker, tmp_path: Path) -> None:
    store = Store(tmp_path / "data", tmp_path / "log")
    try:
        service = Service(replace(fresh(worker), bucket=store.connection()))
        killer = when(lambda: any("-003." in name for name in store.readable()), store.kill)
        request = {**PLAIN, "text": book(30_000, 20), "split": "chapter", "delivery": "s3", "captions": "srt"}
        error = refusal(service.run(Job(id="lost"), request)).error
        killer.join()
    finally:
        store.kill()
    assert error.code == "delivery_failed"
    assert error.retryable
    kept = [name for name in store.readable() if name.endswith(".wav")]
    assert 3 <= len(kept) < 20
    assert f"parts 1 to {len(kept)} " in error.message or f"parts 1 to {len(kept) - 1} " in error.message
    for name in kept:
        assert soundfile.info(store.folder / BUCKET / name).frames > 0


def test_a_bucket_gets_the_parts_while_the_job_runs(worker: Worker, tmp_path: Path) -> None:
    store = Store(tmp_path / "data", tmp_path / "log")
    try:
        service = Service(replace(fresh(worker), bucket=store.connection()))
        job = Job(id="early")
        seen: list[list[str]] = []
        watcher = when(lambda: bool(store.readable()), lambda: seen.append(store.readable()))
        reply = long_text(service.run(job, {**PLAIN, "split": "chapter", "captions": "srt"}))
        watcher.join()
    finally:
        store.kill()
    assert all(part.audio_url for part in reply.parts)
    assert len(seen[0]) < len(store.readable()) == 3 + 3 + 2


def test_utterances_that_did_not_go_well_are_told_up_to_a_bound(worker: Worker, tmp_path: Path) -> None:
    class Stumbling:
        """Every take says that it came to the longest audio."""

        def __init__(self, take: Take) -> None:
            self._take = take

        def __iter__(self) -> Iterator[object]:
            return iter(self._take)

        @property
        def verdict(self) -> object:
            return replace(self._take.verdict, end="token_limit", attempts=3)

        def cancel(self) -> None:
            self._take.cancel()

    limited = fresh(worker, volume_dir=tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        submit = worker.engines.submit
        patch.setattr(worker.engines, "submit", lambda given: Stumbling(submit(given)))
        reply = long_text(
            Service(limited).run(
                Job(id="stumbling"),
                {"type": "long_text", "text": "Yes. No.\n\n" * 120, "voice": "sarah", "speed": 4, "chunk_size": 50},
            )
        )
    assert len(reply.utterances) == 100
    assert {each.verdict for each in reply.utterances} == {"token_limit"}
    assert reply.metrics.utterances == 120
    assert reply.metrics.retries == 240
    assert reply.warnings == ("120 utterances are not 'ok'; the first 100 are told",)


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"text": "x " * 600_000}, "text_too_long", "1200000 bytes and this worker reads 1048576"),
        ({"document": base64.b64encode(b"x " * 600_000).decode()}, "text_too_long", "1048576"),
        ({"text": "One.", "document": "aGVsbG8="}, "invalid_request", "either 'text' or 'document'"),
        ({}, "invalid_request", "either 'text' or 'document'"),
        ({"document": "%%%"}, "invalid_request", "the document is neither"),
        ({"document": "http://127.0.0.1/book.txt"}, "url_not_allowed", ""),
        ({"text": " \n ... \n"}, "empty_text", ""),
        ({"text": "... !!!", "chapters": "none"}, "empty_text", ""),
        ({"text": "One.\n\n" * 5_000 + "[pause:soon]"}, "invalid_request", "pause tag"),
        ({"text": "One.", "split": {"every_min": 0}}, "invalid_request", "split"),
        ({"text": "One.", "split": "parts"}, "invalid_request", "split"),
        ({"text": "One.", "stream": True, "strict": True}, "unsupported_parameter", "stream"),
        ({"text": "One.", "delivery": "volume"}, "delivery_unavailable", "TTS_VOLUME_DIR"),
        ({"text": "One.", "voice": "nobody"}, "unknown_voice", ""),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_made(
    worker: Worker, fields: dict[str, object], code: str, words: str
) -> None:
    service = Service(fresh(worker, max_long_text_mb=1))
    error = refusal(Caller(service)(type="long_text", **fields)).error
    assert error.code == code
    assert words in error.message


def test_the_language_of_a_document_finds_somebody_who_speaks_it(ask: Caller) -> None:
    page = '<html lang="fr"><body><h1>Un</h1><p>Bonjour tout le monde.</p></body></html>'
    reply = long_text(ask(type="long_text", document=base64.b64encode(page.encode()).decode()))
    assert reply.language == "fr"
    assert long_text(ask(type="long_text", text=page, document_kind="html", voice="sarah")).language == "en-US"


@pytest.mark.long
def test_half_a_million_characters_take_no_more_memory_than_a_tenth_of_them(worker: Worker, tmp_path: Path) -> None:
    peaks = []
    for chars in (50_000, 500_000):
        with Sampler() as sampler:
            service = Service(fresh(worker, volume_dir=tmp_path))
            request = {**PLAIN, "text": book(chars, 30), "delivery": "volume", "captions": "srt", "speed": 2}
            long_text(service.run(Job(id=f"long-{chars}"), request))
        peaks.append(max(sampler.resident))
    assert peaks[1] - peaks[0] < 32 * 2**20
