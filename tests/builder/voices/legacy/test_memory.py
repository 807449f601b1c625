"""Hostile files in a process that has hardly more memory than it needs to start."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np

from builder.voices.legacy.limits import MAX_PICKLE_TEXT_BYTES
from tests.builder.voices.legacy.older_worker import fields, put
from tests.builder.voices.legacy.pickled.spelling import EMPTY_ARRAY, F4, HUGE, RECONSTRUCT, array, spelt

HEADROOM_BYTES = 192 << 20
"""Address space beyond what the imports take; far below what the files claim, and enough for a megabyte of file."""

READ = f"""
import resource
from pathlib import Path
import sys
from builder.voices.legacy.folder import read_legacy
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {HEADROOM_BYTES},) * 2)
for one in read_legacy(Path(sys.argv[1])):
    print(one.file, one.error.code if hasattr(one, "error") else "voice")
"""

CLAIMS = {
    "array.pkl": spelt(array(HUGE + b"\x85")),
    "bytes.pkl": spelt(b"\x8e" + (2**40).to_bytes(8, "little")),
    "frame.pkl": b"\x80\x04\x95" + (2**40).to_bytes(8, "little") + b".",
    "header.npy": b"\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr': '<f4'",
    "memo.pkl": spelt(b"Nr\xff\xff\xff\x7f", EMPTY_ARRAY),
    "reconstruct.pkl": spelt(RECONSTRUCT + HUGE + b"\x85C\x01b\x87R"),
    "shape.npy": b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }\n",
    "text.pkl": spelt(b"X" + (MAX_PICKLE_TEXT_BYTES + 1).to_bytes(4, "little"), F4),
}


def read_with_little_memory(folder: Path) -> dict[str, str]:
    command = [sys.executable, "-c", READ, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return dict(line.split(" ") for line in done.stdout.splitlines())


def test_no_claim_of_a_file_takes_the_memory_it_claims(tmp_path: Path) -> None:
    for file, data in CLAIMS.items():
        put(tmp_path, file, data)
    put(tmp_path, "sound.pkl.gz", fields())
    np.savez_compressed(tmp_path / "zeros.npz", audio=np.zeros(2 << 20, np.float32))
    read = read_with_little_memory(tmp_path)
    assert read.pop("sound.pkl.gz") == "voice"
    assert set(read) == {*CLAIMS, "zeros.npz"}
    assert set(read.values()) <= {"damaged_file", "unsafe_file", "too_large"}


def test_a_file_that_unfolds_to_more_than_there_is_memory_for_is_a_problem_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "bomb.pkl.gz").write_bytes(gzip.compress(bytes(255 << 20), 1))
    put(tmp_path, "sound.pkl", fields())
    assert read_with_little_memory(tmp_path) == {"bomb.pkl.gz": "too_large", "sound.pkl": "voice"}
