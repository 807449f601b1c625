"""What can be wrong with a file of an older worker: a stable code, and a message that says what to do."""

from __future__ import annotations

from typing import ClassVar, Self

COPY_AGAIN = "copy it again from where it was made"
ASK_FOR_WAV = "do not load it elsewhere either, and ask whoever made it for the recording as a wav file"
NUMBERS_ALONE = "holds an array of something other than numbers; save its audio as float32 or int16"


class LegacyError(Exception):
    """Root of the tree; made with a predicate ("is cut short; copy it again"), told its file where that is known."""

    code: ClassVar[str]

    def __init__(self, predicate: str, *, file: str = "") -> None:
        super().__init__(f"{file!r} {predicate}" if file else f"the file {predicate}")
        self.predicate = predicate
        self.file = file
        """The name of the file, without its folder; empty until it is known."""

    def about(self, file: str) -> Self:
        """The same error with the name of its file, caused by this one."""
        named = type(self)(self.predicate, file=file)
        named.__cause__ = self
        return named


class InaccessibleFile(LegacyError):
    """The file or the folder cannot be opened."""

    code = "inaccessible_file"


class NotAVoiceFile(LegacyError):
    """A link, a folder, a device, a file of another kind, or the second file of one voice."""

    code = "not_a_voice_file"


class UnsafeFile(LegacyError):
    """The file asks for more than numbers, text and arrays of them, such as code to run."""

    code = "unsafe_file"


class TooLarge(LegacyError):
    """The file, or what it unfolds to, is over a limit."""

    code = "too_large"


class DamagedFile(LegacyError):
    """The bytes are not of the format that the file's name promises, or end too early."""

    code = "damaged_file"


class UnusableRecording(LegacyError):
    """The file was read, but holds no recording with a sample rate."""

    code = "unusable_recording"


class UnusableCatalog(LegacyError):
    """A catalogue cannot be read, or says something of a voice that cannot be used."""

    code = "unusable_catalog"
