"""espeak-ng as an engine: 140 languages on any machine, a sentence in milliseconds."""

from __future__ import annotations

import ctypes.util
import re
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from voice_library.voice import Voice
from worker.audio.clip import Clip, Word
from worker.engines.base import Capabilities, LazyTake, Take, Utterance, Verdict, primary_subtag
from worker.engines.espeak.library import EspeakLibrary, Speech
from worker.engines.espeak.native import Parameter
from worker.engines.espeak.voices import InstalledVoice
from worker.errors import Cancelled, EngineUnavailable, UnreadableText
from worker.settings import Settings

NORMAL_WORDS_PER_MINUTE = 175
SLOWEST_WORDS_PER_MINUTE = 80
FASTEST_WORDS_PER_MINUTE = 450
MAX_CHARS = 2000
"""Of one utterance; espeak-ng itself has no limit, and a minute of audio is enough to wait for a cancel."""

PARAMETERS = 1
"""To be raised whenever a request is put to the library in another way."""

LANGUAGE_ALIASES: Mapping[str, str] = {
    "zh-cn": "cmn",
    "zh-hans": "cmn",
    "zh-tw": "cmn",
    "zh-hant": "cmn",
    "zh-hk": "yue",
    "iw": "he",
    "in": "id",
    "tlh": "piqd",
}
"""Tags that people use, by the tag espeak-ng knows; a region it has no voice for is read as its language."""
PRIVATE_TAGS: Mapping[str, str] = {"piqd": "tlh-Piqd"}
"""Tags of espeak-ng that are not BCP 47."""
UNREADABLE: Mapping[str, re.Pattern[str]] = {"ja": re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")}
"""espeak-ng reads kana, and spells each kanji out as "Chinese character"."""

HOW_TO_INSTALL = (
    "the espeak engine finds no libespeak-ng: install the package espeakng-loader (espeak-ng, GPL-3.0-or-later; "
    "`pip install -r builder/requirements/espeak.txt`), or name other engines in TTS_ENGINES"
)


def load(name: str, settings: Settings) -> EspeakEngine:  # noqa: ARG001 - the shape every engine's `load` has
    """The engine on the library of the settings, of the espeakng-loader package, or of the system, in that order.

    Raises:
        EngineUnavailable: there is none, or it cannot be used.

    """
    if settings.espeak_library:
        return EspeakEngine(EspeakLibrary(settings.espeak_library, None))
    try:
        import espeakng_loader
    except ImportError:
        system = ctypes.util.find_library("espeak-ng")
        if system is None:
            raise EngineUnavailable(HOW_TO_INSTALL) from None
        return EspeakEngine(EspeakLibrary(Path(system), None))
    library, data = espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
    return EspeakEngine(EspeakLibrary(Path(library), Path(data)))


class EspeakEngine:
    """Speaks a voice's realisation: `voice`, `variant`, `pitch` (0…99) and `rate` (words per minute)."""

    name = "espeak"
    device = "cpu"

    def __init__(self, library: EspeakLibrary) -> None:
        self._library = library
        self._files = _files_by_tag(library.voices)
        self.sample_rate = library.sample_rate
        self.revision = f"{library.version}/{PARAMETERS}"
        self.capabilities = Capabilities(
            languages=frozenset(self._files),
            parameters=frozenset({"pitch", "pitch_range", "word_gap"}),
            speed_range=(
                SLOWEST_WORDS_PER_MINUTE / NORMAL_WORDS_PER_MINUTE,
                FASTEST_WORDS_PER_MINUTE / NORMAL_WORDS_PER_MINUTE,
            ),
            max_chars=MAX_CHARS,
        )
        self.voices = tuple(_own_voice(voice) for voice in library.voices)

    def can_speak(self, voice: Voice) -> bool:
        """Whether it has an espeak realisation, of a voice and a variant that are installed."""
        realisation = voice.engines.get(self.name)
        if realisation is None:
            return False
        variant = realisation.get("variant")
        return realisation.get("voice") in self._files and (variant is None or variant in self._library.variants)

    def remarks(self, text: str, language: str) -> tuple[str, ...]:
        """How many characters of `text` it cannot read aloud."""
        unreadable = UNREADABLE.get(primary_subtag(language))
        count = len(unreadable.findall(text)) if unreadable else 0
        if not count:
            return ()
        return (f"it cannot read {count} of the characters in {language!r}; they are not spoken as written",)

    def submit(self, utterance: Utterance) -> Take:
        """A take rendered whole when it is read."""
        return LazyTake(Verdict(seed=utterance.seed, engine=self.name), partial(self._render, utterance))

    def close(self) -> None:
        """Frees the library."""
        self._library.close()

    def _render(self, utterance: Utterance, cancelled: threading.Event) -> Iterator[Clip]:
        speech = self._library.speak(
            utterance.text,
            self._voice_file(utterance),
            _parameters(utterance),
            seed=utterance.seed,
            cancelled=cancelled.is_set,
        )
        if cancelled.is_set():
            raise Cancelled("the utterance was cancelled")
        if not speech.samples.any():
            raise UnreadableText(
                f"espeak-ng has no sound for some of the text in {utterance.language!r}: write it in the script that "
                "language uses, or choose another 'language'",
                field="text",
            )
        yield Clip(
            samples=speech.samples,
            sample_rate=self.sample_rate,
            words=tuple(_words(speech, utterance.text, self.sample_rate)),
        )

    def _voice_file(self, utterance: Utterance) -> str:
        """The realisation's voice; in another language than the voice's own, that language's with the same variant."""
        realisation = utterance.voice.engines[self.name]
        own_language = primary_subtag(utterance.voice.language)
        same_language = primary_subtag(utterance.language) == own_language
        tag = str(realisation["voice"]) if same_language else _known_tag(utterance.language, self._files)
        file = self._files[tag]
        variant = realisation.get("variant")
        return f"{file}+{variant}" if variant else file


def _files_by_tag(voices: tuple[InstalledVoice, ...]) -> dict[str, str]:
    """Voice file by language tag and by the voice's own name."""
    ranked = sorted((rank, place, tag) for place, voice in enumerate(voices) for tag, rank in voice.languages.items())
    files: dict[str, str] = {}
    for _, place, tag in ranked:
        files.setdefault(tag, voices[place].file)
    for voice in voices:
        files.setdefault(voice.name, voice.file)
    return files | {alias: files[tag] for alias, tag in LANGUAGE_ALIASES.items()}


def _known_tag(language: str, files: Mapping[str, str]) -> str:
    """The nearest tag with a voice: the tag itself, its language, else any region of the language."""
    wanted = language.lower().replace("_", "-")
    primary = primary_subtag(wanted)
    if wanted in files:
        return wanted
    if primary in files:
        return primary
    return next(tag for tag in files if primary_subtag(tag) == primary)


def _own_voice(voice: InstalledVoice) -> Voice:
    tag = next(iter(voice.languages))
    return Voice(
        id=f"espeak-{voice.name}",
        names=(f"espeak-ng {voice.name}",),
        language=PRIVATE_TAGS.get(tag) or _canonical(tag),
        gender="male",
        engines={"espeak": {"voice": voice.name}},
        consent="not needed: a formula speaks, no speaker was recorded",
    )


def _canonical(tag: str) -> str:
    """Language, script and region of a tag in BCP 47's usual case: `en-GB` of `en-gb-x-rp`."""
    found = re.match(r"([a-z]{2,3})(-[a-z]{4}(?![a-z]))?(-(?:[a-z]{2}|[0-9]{3})(?![a-z0-9]))?", tag)
    if found is None:
        raise EngineUnavailable("espeak-ng lists a voice whose language tag is not BCP 47")
    language, script, region = found.groups(default="")
    return language + script.title() + region.upper()


def _parameters(utterance: Utterance) -> dict[Parameter, int]:
    realisation = utterance.voice.engines["espeak"]
    options = utterance.options
    rate = float(realisation.get("rate", NORMAL_WORDS_PER_MINUTE)) * utterance.speed
    parameters = {
        Parameter.RATE: round(min(max(rate, SLOWEST_WORDS_PER_MINUTE), FASTEST_WORDS_PER_MINUTE)),
        Parameter.PITCH: options.pitch if options.pitch is not None else int(realisation.get("pitch", 50)),
    }
    if options.pitch_range is not None:
        parameters[Parameter.RANGE] = options.pitch_range
    if options.word_gap is not None:
        parameters[Parameter.WORDGAP] = options.word_gap
    return parameters


def _words(speech: Speech, text: str, sample_rate: int) -> Iterator[Word]:
    for word in speech.words:
        yield Word(text=text[word.start : word.start + word.length], start_sec=word.sample / sample_rate)
