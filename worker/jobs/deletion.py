"""The deletion of a voice that a job saved."""

from __future__ import annotations

import errno

from voice_library.errors import InvalidVoiceFile as DamagedVoice
from voice_library.errors import NotRemovable
from voice_library.errors import UnknownVoice as NotInLibrary
from voice_library.names import as_voice_id, fold
from voice_library.shelf import Shelf
from voice_library.voice import Profile, Voice
from worker.errors import DeletionNotAllowed, InvalidRequest, UnknownVoice, VoiceNotDeleted
from worker.jobs.context import Worker
from worker.reply import VoicesReply

GONE = "the voice was deleted already, by another worker"


def deleted(name: str, worker: Worker) -> VoicesReply:
    """Deletes the saved voice of that id, for all workers, and says so.

    Raises:
        DeletionNotAllowed: this worker deletes nothing.
        UnknownVoice, InvalidRequest: nobody has that id, though perhaps one that is near, or that name.
        NotRemovable: a job did not save it.
        VoiceNotDeleted, StoreUnavailable: where it is kept refuses; it is still there.

    """
    if not worker.settings.delete_voices:
        raise DeletionNotAllowed(
            "this worker deletes no voices: set TTS_DELETE_VOICES=true on workers that may", field="delete"
        )
    worker.upkeep.settle()
    shelf = worker.shelf
    before = _saved(name, shelf)
    try:
        entry = shelf.find(name)
    except NotInLibrary as error:
        if before is None:
            raise UnknownVoice(str(error), field="delete") from error
        return _reply(before.id, was_there=False)
    except DamagedVoice:
        voice_id = as_voice_id(name)
        if voice_id is None:
            raise
        return _reply(voice_id, was_there=_removed(voice_id, shelf))
    if fold(entry.id) != fold(name):
        raise InvalidRequest(f"several voices may have that name: send the id, {entry.id!r}", field="delete")
    if isinstance(entry, Profile):
        raise NotRemovable(f"'{entry.id}' is a profile of this worker's library, which jobs do not remove")
    return _reply(entry.id, was_there=_removed(entry.id, shelf))


def _saved(name: str, shelf: Shelf) -> Voice | None:
    """The saved voice of that id, as far as it is known here; another worker may have deleted it."""
    try:
        entry = shelf.library.find(name)
    except NotInLibrary:
        return None
    return entry if isinstance(entry, Voice) and fold(entry.id) == fold(name) and shelf.is_saved(entry) else None


def _removed(voice_id: str, shelf: Shelf) -> bool:
    try:
        return shelf.remove(voice_id)
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "unknown error")
        raise VoiceNotDeleted(f"the folder of saved voices cannot be written to ({name})", field="delete") from error


def _reply(voice_id: str, *, was_there: bool) -> VoicesReply:
    return VoicesReply(voices=(), total=0, engines=(), deleted=voice_id, warnings=() if was_there else (GONE,))
