"""From a text to a finished waveform, through the worker's own engine, where its packages are installed."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from bench.gpu.record import Row
from bench.gpu.setup import Setup
from worker.engines.chatterbox.member import MEMBERS, START_SPEECH, Member

HEADING = ("member", "utterances", "s", "first audio ms", "RTF", "audio s a s", "S3Gen ms an utterance")
NEEDED = ("builder.random_checkpoint", "worker.engines.chatterbox.engine", "worker.settings", "worker.engines.base")
TEXT = "The ferry left the harbour at half past seven."
TOKENS, SMALL_TOKENS = 250, 5
TOKENS_A_SECOND = 25
CROWDS, SMALL_CROWDS = (1, 4, 16), (1,)
SMALL_BLOCKS = 1


def rows(setup: Setup) -> Iterator[Row | str]:
    """Utterances of ten seconds, watermark included, and the first audio of the first; or why there is none."""
    try:
        parts = [importlib.import_module(name) for name in NEEDED]
    except ImportError as error:
        yield f"the engine cannot be imported here: {error}"
        return
    for member in setup.members:
        with TemporaryDirectory() as folder:
            yield from _member(member, Path(folder), setup, *parts)


def _member(member: Member, folder: Path, setup: Setup, *parts: Any) -> Iterator[Row]:
    checkpoint, engines, settings, base = parts
    checkpoint.write(_reduced(member, setup), folder, endless=True)
    crowds, tokens = (SMALL_CROWDS, SMALL_TOKENS) if setup.small else (CROWDS, TOKENS)
    chosen = settings.Settings(models_dir=folder, batch_size=crowds[-1], device=str(setup.device))
    model = engines.Model.load(MEMBERS[member.name], chosen)
    with closing(engines.Chatterbox(model, batch_size=crowds[-1], limit=lambda _: tokens)) as engine:
        _spoken(engine, base, 1)
        rendering_ms = _rendering_ms(engine, model, setup, tokens)
        for utterances in crowds:
            taken_sec, first_sec = _spoken(engine, base, utterances)
            audio_sec = utterances * tokens / TOKENS_A_SECOND
            yield {
                "member": member.name,
                "utterances": utterances,
                "s": taken_sec,
                "first audio ms": 1e3 * first_sec,
                "RTF": taken_sec / audio_sec,
                "audio s a s": audio_sec / taken_sec,
                "S3Gen ms an utterance": rendering_ms,
            }


def _reduced(member: Member, setup: Setup) -> Member:
    return replace(member, blocks=SMALL_BLOCKS) if setup.small else member


def _spoken(engine: Any, base: Any, utterances: int) -> tuple[float, float]:
    """Seconds to the last audio of so many utterances submitted together, and to the first of the first."""
    began = time.perf_counter()
    takes = [iter(engine.submit(_utterance(engine, base, seed))) for seed in range(utterances)]
    next(takes[0])
    first_sec = time.perf_counter() - began
    for take in takes:
        for _ in take:
            pass
    return time.perf_counter() - began, first_sec


def _utterance(engine: Any, base: Any, seed: int) -> Any:
    voice = next(iter(engine.voices))
    return base.Utterance(
        index=0, text=TEXT, start=0, end=len(TEXT), engine=engine.name, voice=voice, language="en", seed=seed
    )


def _rendering_ms(engine: Any, model: Any, setup: Setup, tokens: int) -> float:
    """What follows the tokens, without the watermark."""
    recording = model.voice(next(iter(engine.voices))).recording
    said = torch.randint(0, START_SPEECH, (tokens,), generator=torch.Generator().manual_seed(0)).to(setup.device)
    for _ in range(2):
        setup.wait()
        began = time.perf_counter()
        model.renderer.render(said, recording, torch.Generator(setup.device).manual_seed(0))
        setup.wait()
    return 1e3 * (time.perf_counter() - began)
