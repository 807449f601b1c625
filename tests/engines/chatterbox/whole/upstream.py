"""Upstream's own class of a member, on a checkpoint smaller than the one it expects."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from chatterbox.models.tokenizers import EnTokenizer, MTLTokenizer
from chatterbox.mtl_tts import ChatterboxMultilingualTTS
from chatterbox.tts import ChatterboxTTS, Conditionals
from chatterbox.tts_turbo import ChatterboxTurboTTS
from chatterbox.vc import ChatterboxVC
from safetensors.torch import load_file
from transformers import AutoTokenizer

from builder import upstream_modules as modules
from worker.audio.clip import Samples
from worker.engines.chatterbox.member import VOICE_FILE, Member
from worker.request import EngineOptions


class Upstream:
    """One member, as its makers have it."""

    def __init__(self, member: Member, folder: Path, *, tokens: int, device: str = "cpu", marks: bool = False) -> None:
        """Unless it `marks`, its audio is as its vocoder gives it."""
        self._member = member
        t3 = modules.t3(member)
        t3.load_state_dict(load_file(folder / member.file))
        t3.hp.text_tokens_dict_size = 0  # no longer known as multilingual: that loop needs thirteen layers to watch
        if member.guided:
            t3.inference = _limited(t3.inference, max_new_tokens=tokens)
        else:
            t3.inference_turbo = _limited(t3.inference_turbo, max_gen_len=tokens - 1)  # it draws one token more
        s3gen = modules.loaded_s3gen(member, folder, device)
        encoder = modules.loaded_voice_encoder(member, folder, device)
        conditionals = Conditionals.load(folder / VOICE_FILE).to(device)
        self.tts: Any = _CLASSES[member.trunk, len(member.languages) > 1](
            t3.to(device).eval(), s3gen, encoder, _tokenizer(member, folder), device, conds=conditionals
        )
        self.conversion = ChatterboxVC(s3gen, device, ref_dict=conditionals.gen)
        if not marks:
            self.tts.watermarker = self.conversion.watermarker = _LeavesAsItIs()

    def says(self, text: str, seed: int, language: str = "en", **options: float) -> Samples:
        """Its waveform."""
        given = {**options, "language_id": language} if len(self._member.languages) > 1 else options
        torch.manual_seed(seed)
        samples: Samples = self.tts.generate(text, **given)[0].numpy()
        return samples

    def converts(self, path: Path, seed: int) -> Samples:
        """The recording at `path` in its own voice."""
        torch.manual_seed(seed)
        samples: Samples = self.conversion.generate(path)[0].numpy()
        return samples


_CLASSES = {
    ("llama", False): ChatterboxTTS,
    ("llama", True): ChatterboxMultilingualTTS,
    ("gpt2", False): ChatterboxTurboTTS,
}


class _LeavesAsItIs:
    """In the place of Perth's."""

    def apply_watermark(self, samples: Samples, **_: object) -> Samples:
        return samples


def _limited(inference: Any, **limit: int) -> Any:
    return lambda **given: inference(**{**given, **limit})


def _tokenizer(member: Member, folder: Path) -> Any:
    first = str(folder / member.tokenizer_files[0])
    if member.name == "original":
        return EnTokenizer(first)
    if member.guided:
        with patch("chatterbox.models.tokenizers.tokenizer.hf_hub_download", partial(_here_already, folder)):
            return MTLTokenizer(first)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        words = AutoTokenizer.from_pretrained(folder)
    words.pad_token = words.eos_token
    return words


def _here_already(folder: Path, *, filename: str, **_: object) -> str:
    """In the place of a download from the hub."""
    return str(folder / filename)


def options_of(options: EngineOptions) -> dict[str, float]:
    return options.model_dump(exclude_none=True)
