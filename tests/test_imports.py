"""What the worker does not load, and which imports its layers allow."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
HEAVY = ("torch", "runpod", "fastapi", "transformers", "scipy", "pyloudnorm", "boto3", "espeakng_loader")


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}; import sys; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_the_service_loads_neither_torch_nor_the_platform_nor_what_only_some_jobs_need() -> None:
    assert loaded_by("import worker.service") & set(HEAVY) == set()


@pytest.mark.parametrize(
    ("file", "statement"),
    [
        ("worker/audio/clip.py", "import worker.engines.base"),
        ("worker/text/captions.py", "import worker.delivery.choose"),
        ("worker/service.py", "import runpod"),
        ("worker/jobs/speech.py", "import torch"),
        ("worker/jobs/health.py", "import worker.service"),
        ("voice_library/voice.py", "import worker.errors"),
    ],
)
def test_a_planted_import_against_the_layers_breaks_the_contracts(tmp_path: Path, file: str, statement: str) -> None:
    for name in ("worker", "voice_library", "builder", "bench"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("handler.py", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    with (tmp_path / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{statement}\n")
    checked = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert checked.returncode == 1, checked.stdout
    assert statement.split()[1] in checked.stdout
