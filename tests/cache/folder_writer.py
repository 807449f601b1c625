"""Writes and reads entries of a folder for ever; a test starts it and kills it: `folder_writer.py FOLDER SEED`."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from tests.cache.entries import entry, noise, same, utterance
from worker.cache.figures import Tally
from worker.cache.folder import Folder
from worker.cache.key import key_of
from worker.cache.packed import pack, unpack

KEYS = 12
MAX_BYTES = 6 * 200_000


def main(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    store = Folder(folder, max_bytes=MAX_BYTES, ttl_sec=3600, tally=Tally())
    entries = [entry(noise(50_000, seed=number)) for number in range(KEYS)]
    keys = [key_of(utterance(seed=number), "1") for number in range(KEYS)]
    packed = [pack(each, key) for each, key in zip(entries, keys, strict=True)]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        number = chance.randrange(KEYS)
        found = store.get(keys[number])
        if found is not None and not same(unpack(found, keys[number]), entries[number]):
            raise SystemExit("another entry than was put")
        other = chance.randrange(KEYS)
        if chance.random() < 0.1:
            store.delete(keys[other])
        else:
            store.put(keys[other], packed[other])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
