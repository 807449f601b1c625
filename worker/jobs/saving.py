"""Saving: a cloned voice gets a name and stays."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from voice_library.errors import InvalidVoiceFile as NotAVoiceFile
from voice_library.errors import NameTaken, StoreUnavailable, VoiceChanged
from voice_library.names import as_voice_id
from voice_library.shelf import Shelf
from voice_library.voice import Voice
from worker.errors import InvalidRequest, SavingUnavailable, VoiceExists, VoiceNotSaved
from worker.request import CloningRequest

SOURCE = "cloned from a recording that came with a job"


def check_savable(request: CloningRequest, shelf: Shelf) -> None:
    """Raises what can be said before there is a voice.

    Raises:
        SavingUnavailable: this worker keeps no voices.
        InvalidRequest: a voice is to be replaced, but none saved.

    """
    if request.save_voice and shelf.store is None:
        raise SavingUnavailable(
            "this worker keeps no voices: set TTS_SAVED_VOICES_DIR to a folder on a volume, or TTS_SAVED_VOICES_S3, or "
            "take the voice along with 'return_embedding'",
            field="save_voice",
        )
    if request.replace_voice and not request.save_voice:
        raise InvalidRequest("'replace_voice' needs a 'save_voice' that says which", field="replace_voice")


def christened(voice: Voice, name: str, shelf: Shelf, *, replaces: bool) -> Voice:
    """The voice under its new name.

    Raises:
        VoiceExists: the name is taken.
        VoiceNotSaved: where voices are kept cannot be asked.

    """
    voice = replace(voice, id=as_voice_id(name) or voice.id, names=(name,), source=SOURCE)
    with _typed_errors():
        shelf.check(voice, replaces=replaces)
    return voice


def saved(voice: Voice, shelf: Shelf, *, replaces: bool) -> Voice:
    """The voice as the library has it from now on.

    Raises:
        VoiceExists: the name has been taken in the meantime.
        VoiceNotSaved: where voices are kept is full, out of reach, or too busy with others of that name.

    """
    with _typed_errors():
        return shelf.save(voice, replaces=replaces)


@contextmanager
def _typed_errors() -> Iterator[None]:
    try:
        yield
    except NameTaken as error:
        raise VoiceExists(str(error), field="save_voice") from error
    except (NotAVoiceFile, StoreUnavailable, VoiceChanged) as error:
        raise VoiceNotSaved(f"the voice cannot be saved: {error}", field="save_voice") from error
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "unknown error")
        raise VoiceNotSaved(f"the folder of saved voices cannot be written to ({name})", field="save_voice") from error
