"""Upstream's own package on the modules that we enrol with."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from chatterbox.models.s3gen import S3Gen
from chatterbox.models.voice_encoder import VoiceEncoder
from chatterbox.mtl_tts import ChatterboxMultilingualTTS
from chatterbox.tts import ChatterboxTTS
from chatterbox.tts_turbo import ChatterboxTurboTTS

from builder import upstream_modules as modules
from worker.engines.chatterbox.conditioning.conditioning import MEL, PROMPT, SPEAKER, TOKENS, X_VECTOR
from worker.engines.chatterbox.member import Member


class SinglePrecisionTurbo(ChatterboxTurboTTS):  # type: ignore[misc]  # chatterbox ships no types
    """With numpy 2 upstream's gain makes double precision of a recording, on which its modules then fail."""

    def norm_loudness(self, wav: Any, sr: int, target_lufs: float = -27) -> Any:
        return super().norm_loudness(wav, sr, target_lufs).astype(np.float32)


CLASSES = {"original": ChatterboxTTS, "multilingual": ChatterboxMultilingualTTS, "turbo": SinglePrecisionTurbo}


def prepared(member: Member, voice_encoder: VoiceEncoder, s3gen: S3Gen, path: Path) -> dict[str, Any]:
    """What `prepare_conditionals` makes of the file: arrays by upstream's names, batches of one as they are."""
    with torch.device("meta"):
        t3 = modules.t3(member)
    upstream = CLASSES[member.name](t3, s3gen, voice_encoder, None, "cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # librosa.load imports what Python 3.13 is without
        upstream.prepare_conditionals(path)
    conditionals = upstream.conds
    assert conditionals.gen["prompt_token_len"].tolist() == [conditionals.gen["prompt_token"].shape[1]]
    assert conditionals.gen["prompt_feat_len"] is None
    return {
        SPEAKER: conditionals.t3.speaker_emb.numpy(),
        PROMPT: conditionals.t3.cond_prompt_speech_tokens.numpy(),
        TOKENS: conditionals.gen["prompt_token"].numpy(),
        MEL: conditionals.gen["prompt_feat"].numpy(),
        X_VECTOR: conditionals.gen["embedding"].numpy(),
    }


def revision(voice_encoder: VoiceEncoder, s3gen: S3Gen, member: Member) -> str:
    """The digits of the first voice files, which were made of the loaded modules."""
    loudness = None if member.guided else -27.0
    digest, numbers = hashlib.sha256(f"1 {member.prompt_tokens} {loudness}".encode()), []
    parts = {"voice_encoder": voice_encoder, "speaker_encoder": s3gen.speaker_encoder, "tokenizer": s3gen.tokenizer}
    for part, module in parts.items():
        for name, tensor in sorted(module.state_dict().items()):
            if tensor.is_floating_point() and name not in ("_mel_filters", "window"):
                digest.update(f" {part}.{name} {list(tensor.shape)}".encode())
                flat = tensor.flatten()
                numbers.append(flat[:: -(-len(flat) // 2048)].float())
    digest.update(torch.cat(numbers).numpy().astype("<f4").tobytes())
    return digest.hexdigest()[:12]
