"""Which files of a folder are voices, and which of them a catalogue means."""

from __future__ import annotations

from collections.abc import Collection

from voice_library.errors import may_echo

SUFFIXES = (".pkl.gz", ".pkl", ".npy", ".npz")


def stem_of(file: str) -> str | None:
    """The name of a voice file without its suffix, or None if it is none."""
    suffix = suffix_of(file)
    return file[: -len(suffix)] if suffix and len(suffix) < len(file) else None


def suffix_of(file: str) -> str | None:
    """The suffix that makes a file a voice file, in lower case."""
    return next((suffix for suffix in SUFFIXES if file.lower().endswith(suffix)), None)


def stem_meant(text: object, stems: Collection[str]) -> str | None:
    """That of `stems` which a catalogue means by a stem, a file's name or a path to it on another machine.

    The text is compared with what lies here, and never opened.
    """
    if not isinstance(text, str):
        return None
    last = text.replace("\\", "/").rpartition("/")[2]
    return next((stem for stem in (text, last, stem_of(last)) if stem in stems), None)


def shown_name(value: object) -> str | None:
    """`value` without outer space, if it can be a name that people are shown; a path cannot."""
    name = value.strip() if isinstance(value, str) else ""
    return name if name and may_echo(name) and not {"/", "\\"}.intersection(name) else None
