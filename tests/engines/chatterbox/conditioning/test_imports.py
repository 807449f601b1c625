"""Conditioning needs little beside torch: a process that enrols starts fast."""

from __future__ import annotations

import json
import subprocess
import sys

UNNEEDED = (
    "chatterbox",
    "diffusers",
    "einops",
    "librosa",
    "numba",
    "omegaconf",
    "onnx",
    "perth",
    "pyloudnorm",
    "s3tokenizer",
    "scipy",
    "sklearn",
    "torchaudio",
    "transformers",
)
PROGRAM = """
import json, sys
from worker.engines.chatterbox.conditioning import enrolment, revision, source
import numpy as np
from worker.engines.chatterbox.conditioning.recording import Recording
from voice_library.voice import Reference
noise = np.random.default_rng(0).standard_normal(40_000).astype(np.float32)
Recording.of(Reference(samples=noise, sample_rate=22_050), -27.0).voice
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_it_brings_in_none_of_upstreams_libraries() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    assert "torch" in loaded
    assert [name for name in UNNEEDED if name in loaded] == []
