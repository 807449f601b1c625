"""A library of five thousand voices, and what a voice costs the first time it is spoken with and every time after.

The library: catalogue and voice files of real size, each with a second of recording and the arrays that Chatterbox
needs. Ours reads the catalogue; the rival is what a worker does that reads each file at start. Each in a process of its
own, the files in the page cache; memory is what the process holds beyond the mapped files.

The voice: Chatterbox Nano of full size with random weights, ten seconds of recording. "Through a WAV file" is the same
engine with the recording written to a temporary file and read back, as workers do that hand paths to their engines;
upstream's `prepare_conditionals` is given such a file, and spared the levelling, at which it fails with numpy 2.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any

import numpy as np
import safetensors.numpy
import soundfile
from numpy.typing import NDArray
from tqdm import tqdm  # type: ignore[import-untyped] # ships no types

from bench.table import save, table
from voice_library.catalog import Catalog, FileContents, VoiceEntry, write_catalog
from voice_library.embedding_file import voice_to_bytes
from voice_library.errors import UnknownVoice
from voice_library.library import VoiceLibrary
from voice_library.voice import Embedding, Reference, Voice

VOICES = 5000
KEY = "chatterbox-nano/0123456789ab"
RATE = 24_000
LOOKUPS = 2000
RUNS = 5
FIRST_NAMES = ("Anna", "Carlos", "Dele", "Farah", "Giulia", "Hiro", "Ines", "Jean", "Kofi", "Lea")
LIBRARY_HEADING = ("5,000 voices", "every file read", "ours")
VOICE_HEADING = ("one voice", "ms", "of the first")
PACKAGES = ("numpy", "safetensors", "rapidfuzz", "torch", "chatterbox-tts")


def main() -> None:
    """Measures and prints both tables."""
    given = _arguments()
    if given.measure:
        print(json.dumps(MEASURES[given.measure](given.folder)))
        return
    with TemporaryDirectory() as folder:
        _make_library(Path(folder))
        library = _library_table(_measured("eager", folder), _measured("ours", folder))
        used = _voice_table(_measured("voice", folder))
    text = f"{library}\n\n{used}"
    print(text)
    if given.save:
        save("voices", text, PACKAGES)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="also write the tables to bench/results/")
    parser.add_argument("--measure", choices=MEASURES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _make_library(folder: Path) -> None:
    entries = []
    chance = np.random.default_rng(1)
    for number in tqdm(range(VOICES), desc="voices", disable=None, leave=False):
        voice = _voice(number, chance)
        data = voice_to_bytes(voice)
        path = folder / f"{voice.id}.safetensors"
        path.write_bytes(data)
        entries.append(_entry(voice, path.name, data))
    write_catalog(folder, Catalog(format_version=1, voices=tuple(entries)))


def _voice(number: int, chance: np.random.Generator) -> Voice:
    arrays: dict[str, NDArray[Any]] = {
        "t3.speaker_emb": chance.standard_normal(256, dtype=np.float32),
        "t3.cond_prompt_speech_tokens": chance.integers(0, 6561, 375).astype(np.int16),
        "gen.prompt_token": chance.integers(0, 6561, 250).astype(np.int16),
        "gen.prompt_feat": chance.standard_normal((500, 80), dtype=np.float32),
        "gen.embedding": chance.standard_normal(192, dtype=np.float32),
    }
    name = f"{FIRST_NAMES[number % len(FIRST_NAMES)]} {number}"
    return Voice(
        id=f"voice-{number}",
        names=(name,),
        language=("en-US", "fr-FR", "ht", "es-MX")[number % 4],
        gender="female" if number % 2 else "male",
        tier="premium",
        reference=Reference(samples=chance.standard_normal(RATE, dtype=np.float32) * 0.1, sample_rate=RATE),
        embeddings={KEY: Embedding(arrays)},
        licence="CC0-1.0",
        consent=f"signed release number {number}, in the studio's archive",
        tags=("audiobook", "warm" if number % 3 else "bright"),
    )


def _entry(voice: Voice, file: str, data: bytes) -> VoiceEntry:
    return VoiceEntry(
        id=voice.id,
        names=voice.names,
        language=voice.language,
        gender=voice.gender,
        tier=voice.tier,
        licence=voice.licence,
        consent=voice.consent,
        tags=voice.tags,
        file=file,
        contents=FileContents(
            sha256=hashlib.sha256(data).hexdigest(),
            size_bytes=len(data),
            embeddings=(KEY,),
            frames=RATE,
            sample_rate=RATE,
        ),
    )


def _measured(what: str, folder: str) -> dict[str, float]:
    """What a process of its own found."""
    command = [sys.executable, "-m", "bench.voices", "--measure", what, "--folder", folder]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    figures: dict[str, float] = json.loads(answer.splitlines()[-1])
    return figures


def _eager(folder: Path) -> dict[str, float]:
    before, began = _own_memory_bytes(), time.perf_counter()
    voices = {path.stem: safetensors.numpy.load_file(path) for path in sorted(folder.glob("*.safetensors"))}
    took = time.perf_counter() - began
    return {"voices": len(voices), "start s": took, "memory MB": (_own_memory_bytes() - before) / 1e6}


def _ours(folder: Path) -> dict[str, float]:
    before, began = _own_memory_bytes(), time.perf_counter()
    library = VoiceLibrary.load(folder)
    start = time.perf_counter() - began
    used = library.voices[17]
    began = time.perf_counter()
    arrays = {name: array.sum() for name, array in used.embeddings[KEY].items()}
    opened = time.perf_counter() - began
    library.search("warm")
    return {
        "voices": len(library.voices),
        "start s": start,
        "memory MB": (_own_memory_bytes() - before) / 1e6,
        "file mapped ms": 1000 * opened,
        "arrays": len(arrays),
        "lookup us": 1e6 * _median(lambda: [library.find(name) for name in ("Dele 4322", "voice-17")]) / 2,
        "search ms": 1000 * _median(lambda: library.search("dele 432")),
        "unknown ms": 1000 * _median(lambda: _missed(library, "Delle 4322x")),
        "filtered ms": 1000 * _median(lambda: library.select(language="fr", gender="female")),
    }


def _missed(library: VoiceLibrary, name: str) -> str:
    try:
        return library.find(name).id
    except UnknownVoice as error:
        return str(error)


def _library_table(eager: dict[str, float], ours: dict[str, float]) -> str:
    rows = [
        ("start: s", eager["start s"], ours["start s"]),
        ("own memory: MB", eager["memory MB"], ours["memory MB"]),
        ("first look into a voice's file: ms", "", ours["file mapped ms"]),
        ("lookup by name: µs", "", ours["lookup us"]),
        ("search for a part of a name: ms", "", ours["search ms"]),
        ("an unknown name, with suggestions: ms", "", ours["unknown ms"]),
        ("all women of a language: ms", "", ours["filtered ms"]),
    ]
    return table(LIBRARY_HEADING, rows)


def _used(folder: Path) -> dict[str, float]:
    """What a voice costs a Chatterbox engine."""
    from builder.random_checkpoint import write
    from tests.engines.chatterbox.whole.upstream import Upstream
    from worker.engines.chatterbox.member import MEMBERS
    from worker.engines.chatterbox.model import Model
    from worker.settings import Settings

    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    models = folder / "models"
    models.mkdir()
    write(MEMBERS["nano"], models)
    samples = _speech(10.0)
    model = Model.load(MEMBERS["nano"], Settings(models_dir=models))
    upstream = Upstream(MEMBERS["nano"], models, tokens=10)

    def through_file(use: Callable[[Path], object]) -> None:
        with NamedTemporaryFile(suffix=".wav", dir=folder) as file:
            soundfile.write(file.name, samples, RATE)
            use(Path(file.name))

    def read_back(path: Path) -> object:
        again, rate = soundfile.read(path, dtype="float32")
        return model.enrolment.of(Reference(samples=again, sample_rate=rate))

    reference = Reference(samples=samples, sample_rate=RATE)
    model.enrolment.of(reference)
    embedding = model.enrolment.of(reference).to_embedding()
    recorded = [_clone(number, samples) for number in range(RUNS)]
    baked = [_baked(number, embedding, model.conditionings.key) for number in range(RUNS)]
    return {
        "upstream": 1000
        * _median(lambda: through_file(partial(upstream.tts.prepare_conditionals, norm_loudness=False))),
        "through a file": 1000 * _median(lambda: through_file(read_back)),
        "array": 1000 * _median(lambda: model.enrolment.of(reference)),
        "file alone": 1000 * _median(lambda: through_file(lambda path: soundfile.read(path, dtype="float32"))),
        "first": 1000 * _each(recorded, model.voice),
        "again": 1000 * _each(recorded, model.voice),
        "baked first": 1000 * _each(baked, model.voice),
        "baked again": 1000 * _each(baked, model.voice),
    }


def _speech(duration_sec: float) -> NDArray[np.float32]:
    """A voice of harmonics that swells and fades."""
    time_sec = np.arange(int(duration_sec * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * 150 * number * time_sec) / number for number in range(1, 12))
    return (0.1 * wave * (0.55 + 0.45 * np.sin(2 * np.pi * 3 * time_sec))).astype(np.float32)


def _clone(number: int, samples: NDArray[np.float32]) -> Voice:
    reference = Reference(samples=samples * np.float32(1 - number / 1000), sample_rate=RATE)
    return Voice(id=f"clone-{number}", names=("Clone",), language="en", gender="neutral", reference=reference)


def _baked(number: int, embedding: Embedding, key: str) -> Voice:
    louder = {
        name: array + np.float32(number / 1e4) if name == "gen.embedding" else array
        for name, array in embedding.items()
    }
    return Voice(
        id=f"baked-{number}", names=("Baked",), language="en", gender="neutral", embeddings={key: Embedding(louder)}
    )


def _voice_table(figures: dict[str, float]) -> str:
    first = figures["first"]
    rows = [
        ("upstream's prepare_conditionals, every time", figures["upstream"], figures["upstream"] / first),
        ("enrolled through a WAV file", figures["through a file"], figures["through a file"] / first),
        ("of which the file, written and read", figures["file alone"], figures["file alone"] / first),
        ("enrolled from its samples", figures["array"], figures["array"] / first),
        ("ours, first use of a recording", first, 1.0),
        ("ours, every use after", figures["again"], figures["again"] / first),
        ("ours, first use of a baked voice", figures["baked first"], figures["baked first"] / first),
        ("ours, every use after", figures["baked again"], figures["baked again"] / first),
    ]
    return table(VOICE_HEADING, rows)


def _each(voices: list[Voice], use: Callable[[Voice], object]) -> float:
    """Seconds that one of them takes: the median."""
    return statistics.median(_seconds(partial(use, voice)) for voice in voices)


def _in_turn(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Milliseconds by name, the median: one after the other and again, so that a busy machine is busy for all."""
    times = [{name: _seconds(work) for name, work in works.items()} for _ in range(RUNS + 1)]
    return {name: 1000 * statistics.median(each[name] for each in times[1:]) for name in works}


def _median(work: Callable[[], object]) -> float:
    work()
    runs = LOOKUPS if _seconds(work) < 0.001 else RUNS  # noqa: PLR2004 - a millisecond
    return statistics.median(_seconds(work) for _ in range(runs))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _own_memory_bytes() -> int:
    """What the process holds beyond mapped files: RssAnon of https://man7.org/linux/man-pages/man5/proc_pid_status.5.html."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


MEASURES: dict[str, Callable[[Path], dict[str, float]]] = {"eager": _eager, "ours": _ours, "voice": _used}


if __name__ == "__main__":
    main()
