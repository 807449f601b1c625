"""Two workers and a builder on one folder of voices: each adds, speaks, replaces and removes while the others do.

`python tests/long/shared_folder.py worker|builder NAME FOLDER SECONDS` is one of them; it prints, as JSON, whom it left
in the folder and at which pitch, and what it saw that must not be.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from builder.voices.__main__ import main as builder
from tests.jobs.speakers import MONOTONE, base64_of, pitch, sung
from voice_library.errors import UnknownVoice, VoiceChanged
from worker.audio.clip import Clip
from worker.audio.pitch import pitch_hz
from worker.engines.tone import F0
from worker.jobs.context import Job, Worker
from worker.reply import ErrorReply, Reply, SpeechReply, VoicesReply
from worker.service import Service
from worker.settings import Settings

SETTINGS: dict[str, Any] = {"cache_mb": 0, "guards": False, "delete_voices": True, "voices_refresh_sec": 0.05}
ON_RECORD = ("--language", "en", "--gender", "female", "--licence", "ours", "--consent", "contract 12")
SAME = 0.02
"""By how much two measurements of one speaker's pitch differ at most."""
OWN_VOICES = 8
"""As many as one keeps at a time."""
FADING = frozenset({"unknown_voice", "voice_changed"})
"""What may become of a voice of somebody else."""


@dataclass
class Witness:
    """What one of them did and saw."""

    name: str
    chance: random.Random
    mine: dict[str, float] = field(default_factory=dict)
    """Hertz by id: whom it added and did not remove."""
    gone: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)
    made: int = 0

    def new_id(self) -> str:
        self.made += 1
        return f"{self.name}-{self.made}"

    def hertz(self) -> float:
        return self.chance.uniform(90, 400)

    def own(self) -> str:
        return self.chance.choice(list(self.mine))

    def lose(self, voice_id: str) -> None:
        del self.mine[voice_id]
        self.gone.append(voice_id)


class AtWork:
    """A worker: voices are saved, replaced and deleted by jobs, and everybody's are spoken and looked into."""

    def __init__(self, witness: Witness, folder: Path) -> None:
        settings = Settings(engines=("tone",), voices_dir=folder, saved_voices_dir=folder, **SETTINGS)
        self.witness = witness
        self.service = Service(Worker.load(settings))

    def choices(self) -> list[Callable[[], None]]:
        own = [self.speak, self.speak, self.save_again, self.remove] if self.witness.mine else []
        return [self.save_new, self.look, self.look, self.hear_another, *own]

    def close(self) -> None:
        self.service.close()

    def save_new(self) -> None:
        self._save(self.witness.new_id())

    def save_again(self) -> None:
        self._save(self.witness.own())

    def remove(self) -> None:
        voice_id = self.witness.own()
        reply = self._ask(type="voices", delete=voice_id)
        if not isinstance(reply, VoicesReply) or reply.deleted != voice_id:
            self.witness.wrong.append(f"delete {voice_id}: {reply}")
        self.witness.lose(voice_id)

    def speak(self) -> None:
        voice_id = self.witness.own()
        reply = self._ask(text=MONOTONE, voice=voice_id, response_format="wav", seed=1)
        hertz = self.witness.mine[voice_id]
        if not isinstance(reply, SpeechReply):
            self.witness.wrong.append(f"speak {voice_id}: {reply}")
        elif abs(pitch(reply) / hertz - 1) > SAME:
            self.witness.wrong.append(f"{voice_id} spoke at {pitch(reply):.0f}, not {hertz:.0f} Hz")

    def look(self) -> None:
        """At somebody's recording and embedding, which have to be of one speaker."""
        others = [voice.id for voice in self.service.worker.library.voices if voice.reference is not None]
        if not others:
            return
        voice_id = self.witness.chance.choice(others)
        try:
            voice = self.service.worker.shelf.find(voice_id)
            heard = float(np.nanmedian(pitch_hz(Clip(samples=voice.reference.samples, sample_rate=24_000))))
            baked = [float(embedding[F0][0]) for embedding in voice.embeddings.values()]
        except (UnknownVoice, VoiceChanged) as error:
            if voice_id in self.witness.mine:
                self.witness.wrong.append(f"look at {voice_id}: {error}")
            return
        if any(abs(hertz / heard - 1) > SAME for hertz in baked):
            self.witness.wrong.append(f"{voice_id} was torn: {heard:.0f} and {baked} Hz")

    def hear_another(self) -> None:
        voice_id = self.witness.chance.choice([voice.id for voice in self.service.worker.library.voices])
        reply = self._ask(text=MONOTONE, voice=voice_id, response_format="wav")
        if isinstance(reply, ErrorReply) and (reply.error.code not in FADING or voice_id in self.witness.mine):
            self.witness.wrong.append(f"{voice_id}: {reply.error}")

    def _save(self, voice_id: str) -> None:
        hertz = self.witness.hertz()
        reply = self._ask(
            type="cloning",
            text=MONOTONE,
            reference_audio=base64_of(sung(hertz, 1.5)),
            save_voice=voice_id,
            replace_voice=True,
            response_format="wav",
        )
        if isinstance(reply, SpeechReply):
            self.witness.mine[voice_id] = hertz
        else:
            self.witness.wrong.append(f"save {voice_id}: {reply}")

    def _ask(self, **fields: Any) -> Reply:
        return self.service.run(Job(id="shared"), fields)


class AtStudio:
    """A builder: voices are added to the catalogue, baked, tagged, renamed and removed."""

    def __init__(self, witness: Witness, folder: Path) -> None:
        self.witness = witness
        self.folder = folder
        self.recording = folder.parent / f"{witness.name}.wav"

    def choices(self) -> list[Callable[[], None]]:
        own = [self.bake, self.tag, self.rename, self.remove] if self.witness.mine else []
        return [self.add, *own]

    def close(self) -> None:
        self.recording.unlink(missing_ok=True)

    def add(self) -> None:
        voice_id, hertz = self.witness.new_id(), self.witness.hertz()
        soundfile.write(self.recording, sung(hertz, 6.0).samples, 24_000)
        self._tool("add", str(self.recording), "--whole", "--id", voice_id, *ON_RECORD)
        self.witness.mine[voice_id] = hertz

    def bake(self) -> None:
        self._tool("bake", self.witness.own())

    def tag(self) -> None:
        self._tool("tag", self.witness.own(), "--add", f"t{self.witness.made}")

    def rename(self) -> None:
        before, after = self.witness.own(), self.witness.new_id()
        self._tool("rename", before, "--id", after)
        self.witness.mine[after] = self.witness.mine[before]
        self.witness.lose(before)

    def remove(self) -> None:
        voice_id = self.witness.own()
        self._tool("remove", voice_id, "--yes")
        self.witness.lose(voice_id)

    def _tool(self, *arguments: str) -> None:
        status = builder([*arguments, "--json", "--folder", str(self.folder)], {"TTS_ENGINES": "tone"})
        if status:
            self.witness.wrong.append(f"{arguments[0]} {arguments[1:2]}: status {status}")


def run(role: str, name: str, folder: Path, seconds: float) -> dict[str, Any]:
    """One thing after another until the time is over; what there is to tell then."""
    witness = Witness(name=name, chance=random.Random(name))
    busy = ROLES[role](witness, folder)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        act = busy.remove if len(witness.mine) > OWN_VOICES else witness.chance.choice(busy.choices())
        act()
        witness.did[act.__name__] += 1
    busy.close()
    return {"mine": witness.mine, "gone": witness.gone, "wrong": witness.wrong[:5], "did": witness.did}


ROLES: dict[str, type[AtWork | AtStudio]] = {"worker": AtWork, "builder": AtStudio}

if __name__ == "__main__":
    told = run(sys.argv[1], sys.argv[2], Path(sys.argv[3]), float(sys.argv[4]))
    sys.stdout.write("\n" + json.dumps(told) + "\n")
