"""Serving imports torch, a tokenizer and little else: a cold start does not wait for what nobody uses."""

from __future__ import annotations

import json
import subprocess
import sys

IMPORTED = """
import json, sys
import worker.engines.chatterbox.engine
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
UNUSED = {
    *("chatterbox", "transformers", "diffusers", "librosa", "numba", "perth", "torchaudio", "einops", "omegaconf"),
    *("s3tokenizer", "onnx", "sklearn", "scipy", "pyloudnorm", "matplotlib", "pandas", "huggingface_hub", "sympy"),
}


def test_an_engine_is_imported_without_what_upstream_needs() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True)
    imported = set(json.loads(done.stdout))
    assert "torch" in imported
    assert not UNUSED & imported
