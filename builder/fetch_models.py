"""Fetches the checkpoints of engines, from the commits and held to the hashes in `builder/models.toml`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from builder.fetch import manifest, pin
from builder.fetch.download import Downloader, Receipt, part_of
from builder.fetch.errors import FetchError, NoSpace
from builder.fetch.hub import HUB, Hub
from builder.fetch.manifest import Model, Models
from builder.fetch.progress import shown
from builder.fetch.transfer import Patience

MODELS = Path(__file__).with_name("models.toml")


def fetch(models: Models, into: Path, downloader: Downloader) -> Models:
    """The models in folders of `into`, each named after its repository; with the sizes and hashes of what is there.

    Raises:
        FetchError: a file could not be had; those before it are in their place.

    """
    require_space(models.values(), into)
    held = {}
    for name, model in models.items():
        if model.revision is None:
            raise FetchError(f"{name}: no commit to fetch from")
        files = []
        for file in model.files:
            receipt = downloader.fetch(model.repository, model.revision, file, into / model.folder)
            print(_line(f"{model.folder}/{file.name}", receipt), flush=True)
            files.append(receipt.file)
        held[name] = model.model_copy(update={"files": tuple(files)})
    return held


def require_space(models: Iterable[Model], into: Path) -> None:
    """Returns if the disk of `into` has room for what is not there yet.

    Raises:
        NoSpace: it has not.

    """
    missing = {into / model.folder / file.name: file.size or 0 for model in models for file in model.files}
    needed = sum(max(0, size - max(_size(path), _size(part_of(path)))) for path, size in missing.items())
    standing = next(folder for folder in (into.absolute(), *into.absolute().parents) if folder.exists())
    free = shutil.disk_usage(standing).free
    if needed > free:
        raise NoSpace(f"{shown(needed)} are still to be fetched, and only {shown(free)} are free where --into lies")


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """The status that the command line ends with."""
    parser = _parser(environment)
    given = parser.parse_args(arguments)
    if not given.list and not given.names:
        parser.error("name what to fetch, or ask with --list")
    try:
        _run(given, environment.get("HF_TOKEN", "").strip() or None)
    except FetchError as error:
        print(f"fetch_models: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"fetch_models: {error.filename or given.into}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fetch_models: stopped; what came stays, run it again to go on", file=sys.stderr)
        return 130
    return 0


def _run(given: argparse.Namespace, token: str | None) -> None:
    every = manifest.read(given.models)
    chosen = manifest.choose(every, given.names)
    if given.list:
        for name, model in (chosen or every).items():
            print(_entry(name, model))
        return
    hub = Hub(given.endpoint, token=token)
    downloader = Downloader(hub, patience=Patience(retries=given.retries))
    if given.pin:
        manifest.write(given.models, fetch(dict(pin.at_commits(hub, chosen, every)), given.into, downloader))
        print(f"{given.models.name} holds their commits, sizes and hashes now: read the diff and commit it")
    else:
        manifest.require_pins(chosen, given.models)
        fetch(chosen, given.into, downloader)
    print(f"{', '.join(chosen)}: ready; set TTS_MODELS_DIR={given.into.absolute()}")


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m builder.fetch_models",
        description=__doc__,
        epilog="HF_TOKEN is sent to the endpoint if it is set. An interrupted download goes on where it stopped.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="engine to fetch the checkpoint of")
    parser.add_argument("--into", type=Path, default=Path("models"), help="folder of the folders (default: models)")
    parser.add_argument("--list", action="store_true", help="say what there is to fetch, and fetch nothing")
    parser.add_argument("--pin", action="store_true", help="take the newest commit and write it into the list")
    parser.add_argument("--models", type=Path, default=MODELS, help="list of models (default: builder/models.toml)")
    parser.add_argument("--retries", type=int, default=Patience().retries, help="failures in a row that are borne")
    parser.add_argument(
        "--endpoint",
        default=environment.get("HF_ENDPOINT", "").strip() or HUB,
        help=f"address of the Hub or a mirror (default: HF_ENDPOINT, else {HUB})",
    )
    return parser


def _entry(name: str, model: Model) -> str:
    sizes = [file.size for file in model.files if file.size is not None]
    size = shown(sum(sizes)) if len(sizes) == len(model.files) else "size unknown"
    commit = model.revision[:12] if model.revision and model.pinned else "not pinned"
    return f"{name:<28}{model.repository:<30}{commit:<14}{len(model.files)} files, {size}"


def _line(name: str, receipt: Receipt) -> str:
    if not receipt.received:
        return f"{name}: already here"
    speed = receipt.received / max(receipt.duration_sec, 1e-3)
    return f"{name}: {shown(receipt.received)} in {receipt.duration_sec:.1f} s, {shown(speed)}/s"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
