"""name_mapping.json: names for people and the files they mean, either way round."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from builder.voices.legacy.errors import UnusableCatalog
from builder.voices.legacy.faults import Faults
from builder.voices.legacy.stems import shown_name, stem_meant

FILE = "name_mapping.json"
NO_FILE = "maps names to voices that have no file here; add the files or remove the names"
NO_NAME = "maps something other than short, printable names; correct them"


def names_by_stem(mapping: object, stems: Collection[str], faults: Faults) -> Mapping[str, tuple[str, ...]]:
    """The names that people have for each stem, in the order of the file.

    Raises:
        UnusableCatalog: the mapping is no object.
    """
    if not isinstance(mapping, dict):
        raise UnusableCatalog("is no object of names; write it as {name: file} or {file: name}")
    pairs = list(mapping.items())
    if _hits(mapping.values(), stems) < _hits(mapping, stems):
        pairs = [(value, key) for key, value in pairs]
    names: dict[str, tuple[str, ...]] = {}
    for name, file in pairs:
        stem = stem_meant(file, stems)
        shown = shown_name(name)
        if stem is None:
            faults.add(NO_FILE, name)
        elif shown is None:
            faults.add(NO_NAME, stem)
        else:
            names[stem] = (*names.get(stem, ()), shown)
    return names


def _hits(texts: Collection[object], stems: Collection[str]) -> int:
    return sum(1 for text in texts if stem_meant(text, stems) is not None)
