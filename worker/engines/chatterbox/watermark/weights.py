"""The weights of Perth's encoder: they come with its wheel, of which nothing else is used."""

from __future__ import annotations

import pickle
from importlib.util import find_spec
from pathlib import Path

import torch

from worker.engines.chatterbox.tensors import Tensors
from worker.errors import EngineUnavailable

PACKAGE = "perth"
FILE = Path("perth_net", "pretrained", "implicit", "perth_net_250000.pth.tar")
"""In the package. It is found without importing that, which takes seconds."""
ENCODER = "encoder."


def encoder_weights() -> Tensors:
    """The tensors of the encoder, each read when it is taken; those of the detector are not read.

    Raises:
        EngineUnavailable: the wheel is not installed, or its file is damaged.

    """
    path = _installed()
    try:
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=True)["model"]
    except (OSError, RuntimeError, EOFError, KeyError, pickle.UnpicklingError) as error:
        message = f"Chatterbox: {path.name} of resemble-perth is damaged: pip install --force-reinstall resemble-perth"
        raise EngineUnavailable(message) from error
    return Tensors(found, path.name).under(ENCODER)


def _installed() -> Path:
    """Where the file lies. Another project on PyPI has the package's name, and none of its files."""
    package = find_spec(PACKAGE)
    folders = package.submodule_search_locations if package else None
    for folder in folders or ():
        if (path := Path(folder, FILE)).is_file():
            return path
    raise EngineUnavailable("Chatterbox: the watermark's weights come with a wheel: pip install resemble-perth")
