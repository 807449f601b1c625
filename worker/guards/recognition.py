"""Recognition: a speech recogniser writes down what it hears, to be held against the text; optional, and slow."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from worker.audio.clip import Clip
from worker.audio.resample import resample
from worker.engines.base import Utterance, Verdict, primary_subtag
from worker.errors import EngineUnavailable
from worker.guards.check import Finding, share

SAMPLE_RATE = 16_000
"""Hertz that Whisper hears."""

HOW_TO_INSTALL = (
    "the recognition guard needs faster-whisper, which is not installed: `pip install faster-whisper`, or leave the "
    "guard out"
)


class Recogniser(Protocol):
    """Writes down speech."""

    def heard(self, clip: Clip, language: str) -> str:
        """What is said in `clip`, in the language of that BCP-47 tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """Other words than the text's."""

    recogniser: Recogniser
    least_alike: float = 0.85
    """Share of characters, of both writings together, that match in order."""
    spoken_form: Callable[[str, str], str] = lambda text, _language: text
    """How numbers are brought to words in what was heard, as they were in the text."""
    name: str = "other_words"

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:  # noqa: ARG002 - text and sound
        """How unlike the text what was heard is; nothing where the text has no letter or digit."""
        asked = _bare(utterance.text)
        if not asked:
            return None
        heard = _bare(self.spoken_form(self.recogniser.heard(clip, utterance.language), utterance.language))
        alike = SequenceMatcher(None, asked, heard, autojunk=False).ratio()
        if alike >= self.least_alike:
            return None
        return Finding(name=self.name, severity=share(1 - alike), detail={"alike": alike})


class FasterWhisper:
    """Whisper by CTranslate2, from a folder on disk; it downloads nothing."""

    def __init__(self, model: Any) -> None:
        self._model = model

    @classmethod
    def load(cls, folder: Path, *, device: str = "cpu") -> FasterWhisper:
        """The model in `folder`.

        Raises:
            EngineUnavailable: faster-whisper is not installed, or cannot use the folder or the device.

        """
        try:
            library = import_module("faster_whisper")
        except ModuleNotFoundError as error:
            raise EngineUnavailable(HOW_TO_INSTALL) from error
        try:
            return cls(library.WhisperModel(str(folder), device=device, local_files_only=True))
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineUnavailable("the recognition guard cannot load its Whisper model: check its folder") from error

    def heard(self, clip: Clip, language: str) -> str:
        """What Whisper writes, without its knowledge of the text before."""
        samples = resample(clip, SAMPLE_RATE).samples
        segments, _ = self._model.transcribe(
            samples, language=primary_subtag(language), temperature=0.0, condition_on_previous_text=False
        )
        return " ".join(segment.text for segment in segments)


def _bare(text: str) -> str:
    """Letters, marks and digits, in small letters, composed."""
    composed = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in composed if unicodedata.category(character)[0] in "LMN")
