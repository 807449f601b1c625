"""Converts checkpoints of the Chatterbox family for serving: what speaking reads, in half, and the rest apart."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from worker.engines.chatterbox import layout
from worker.engines.chatterbox.checkpoint import SIZE_FILE, read, sized, t3_weights
from worker.engines.chatterbox.conditioning.builtin import builtin
from worker.engines.chatterbox.conditioning.ears import revision_of
from worker.engines.chatterbox.conditioning.revision import way
from worker.engines.chatterbox.hearing.hearing import SPEAKER_ENCODER, TOKENIZER
from worker.engines.chatterbox.layout import Layout, published
from worker.engines.chatterbox.location import LEAN
from worker.engines.chatterbox.member import MEMBERS, Member
from worker.errors import EngineUnavailable

HEARING = (TOKENIZER, SPEAKER_ENCODER)
TRUNK = "tfmr."
DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}


def convert(member: Member, folder: Path, into: Path, *, trunk: torch.dtype = torch.bfloat16) -> list[Path]:
    """The files written into `into`, each of them whole or not there; the same voices fit both checkpoints.

    With a trunk in half precision a GPU computes the same as without, and nothing can be computed in single any more.

    Raises:
        EngineUnavailable: `folder` has no whole checkpoint of the member.

    """
    member, found = sized(member, folder), published(member)
    into.mkdir(parents=True, exist_ok=True)
    for name in (*found.tokenizer, SIZE_FILE):
        if (folder / name).exists():
            shutil.copyfile(folder / name, into / name)
    written = [
        _written(dict(_t3(member, folder, trunk)), into / layout.LEAN_T3),
        _written(dict(_speech(found, folder)), into / layout.LEAN_SPEECH),
        *_voice(member, folder, into),
    ]
    # Last, for this file says that the folder is a converted one.
    told = {way(member): revision_of(member, folder)}
    return [*written, _written(dict(_hearing(found, folder)), into / layout.LEAN_HEARING, told)]


def _t3(member: Member, folder: Path, trunk: torch.dtype) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in t3_weights(member, folder).items():
        is_matrix = name.startswith(TRUNK) and tensor.dim() > 1 and ".wpe." not in name
        yield name, tensor.to(trunk) if is_matrix else tensor


def _speech(found: Layout, folder: Path) -> Iterator[tuple[str, Tensor]]:
    yield from read(folder / found.speech, without=HEARING).items()


def _hearing(found: Layout, folder: Path) -> Iterator[tuple[str, Tensor]]:
    yield from read(folder / found.hearing, only=HEARING).items()
    for name, tensor in read(folder / found.speaker).items():
        yield f"{layout.VOICE_ENCODER}{name}", tensor


def _voice(member: Member, folder: Path, into: Path) -> Iterator[Path]:
    if (voice := builtin(folder, member)) is not None:
        arrays = {name: torch.tensor(array) for name, array in voice.to_embedding().items()}
        yield _written(arrays, into / layout.LEAN_VOICE)


def _written(tensors: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str] | None = None) -> Path:
    part = path.with_suffix(".partial")
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, part, dict(metadata or {}))
    return part.rename(path)


def main(arguments: list[str]) -> int:
    """The status that the command line ends with."""
    given = _parser().parse_args(arguments)
    members = {member.engine: member for member in MEMBERS.values()}
    for name in given.names:
        member = members[name]
        folder = _folder(member, given.models)
        try:
            paths = convert(member, folder, given.models / LEAN / name, trunk=DTYPES[given.trunk])
        except EngineUnavailable as error:
            print(f"convert_models: {error}", file=sys.stderr)
            return 1
        before = sum((folder / file).stat().st_size for file in published(member).needed)
        after = sum(path.stat().st_size for path in paths)
        print(f"{name}: {before / 1e9:.2f} GB became {after / 1e9:.2f} GB in {paths[0].parent}")
    if given.remove:
        for folder in {_folder(members[name], given.models) for name in given.names}:
            shutil.rmtree(folder)
    return 0


def _folder(member: Member, models: Path) -> Path:
    """Where its makers' files are: as fetched, by the repository's name, or by its own."""
    fetched = models / member.repository.rpartition("/")[2]
    return fetched if fetched.exists() else models / member.name


def _parser() -> argparse.ArgumentParser:
    engines = [member.engine for member in MEMBERS.values()]
    parser = argparse.ArgumentParser(prog="python -m builder.convert_models", description=__doc__)
    parser.add_argument("names", nargs="+", choices=engines, metavar="NAME", help=f"engine: {', '.join(engines)}")
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder that fetch_models filled")
    parser.add_argument(
        "--trunk",
        choices=DTYPES,
        default="bfloat16",
        help="numbers of T3's matrices: float32 for workers without a GPU, or TTS_PRECISION=reference",
    )
    parser.add_argument("--remove", action="store_true", help="remove what they were converted from")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
