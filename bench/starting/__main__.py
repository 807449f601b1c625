"""One start: `python -m bench.starting ours|theirs --member … --models FOLDER` says when each of its phases is over."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from bench.starting.stamp import stamp

SIDES = ("ours", "theirs")


def main() -> None:
    """Imports a side, then has it start."""
    stamp("interpreter")
    given = _parsed()
    side = import_module(f"bench.starting.{given.side}")
    stamp("imports")
    side.start(given)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.starting", description=__doc__)
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("--member", required=True, help="one that both sides have")
    parser.add_argument("--models", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="reference", help="of ours")
    parser.add_argument("--utterances", type=int, default=8, help="that ours has room for")
    parser.add_argument("--tokens", type=int, default=50, help="of the utterance that is said")
    return parser.parse_args()


if __name__ == "__main__":
    main()
