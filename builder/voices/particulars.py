"""Particulars: what a studio says of a speaker, on the command line or when it is asked."""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from builder.voices.console import Console
from builder.voices.errors import Misuse
from voice_library.errors import first_problem
from voice_library.language import canonical
from voice_library.voice import LANGUAGE, Gender, Tier, Voice
from worker.request import EngineOptions

GENDERS: tuple[Gender, ...] = get_args(Gender)
TIERS: tuple[Tier, ...] = get_args(Tier)

LICENCE = "the licence of the recording"
CONSENT = "who agreed to being cloned, and where that is written"
MAX_LEXICON_BYTES = 2**20


def language(text: str) -> str:
    """A language tag as voices have it."""
    tag = canonical(text)
    if not re.fullmatch(LANGUAGE, tag):
        raise argparse.ArgumentTypeError(f"{text!r} is no language tag such as en-US or ht")
    return tag


def declare(parser: argparse.ArgumentParser) -> None:
    """The flags that say what is on record of a speaker."""
    parser.add_argument("--language", type=language, help="BCP-47 tag: en-US, ht")
    parser.add_argument("--gender", choices=GENDERS)
    parser.add_argument("--tier", choices=TIERS, help="premium: a real speaker was recorded")
    parser.add_argument("--licence", help=LICENCE)
    consent = parser.add_mutually_exclusive_group()
    consent.add_argument("--consent", help=CONSENT)
    consent.add_argument("--no-consent", action="store_true", help="leave it empty on purpose")
    parser.add_argument("--source", help="where the recording comes from")


def ask_for_missing(given: argparse.Namespace, console: Console, *, speaker: bool = True) -> None:
    """Fills what the flags leave open by asking; `speaker`: language and gender too.

    Raises:
        Misuse: nobody is there to ask, or the answer is none; the message names the flags.
    """
    questions = {"licence": LICENCE.capitalize(), "consent": CONSENT.capitalize()}
    if speaker:
        questions = {"language": "Language, as en-US", "gender": f"Gender, {', '.join(GENDERS)}"} | questions
    if given.no_consent:
        del questions["consent"]
        given.consent = ""
    missing = [name for name in questions if getattr(given, name) is None]
    for name in missing if console.can_ask else ():
        setattr(given, name, _answer(name, console.ask(questions[name])))
    missing = [f"--{name}" for name in missing if not getattr(given, name)]
    if missing:
        hint = "; --no-consent leaves that empty" if "--consent" in missing else ""
        raise Misuse(f"nothing says {', '.join(missing)}: give them, or run this where it can ask{hint}")


def said_of(voice: Voice, given: argparse.Namespace) -> Voice:
    """The voice with what the flags say in the place of what it said; an empty consent says that there is none."""
    fields = ("language", "gender", "tier", "licence", "consent", "source")
    said: dict[str, Any] = {name: value for name in fields if (value := getattr(given, name)) is not None}
    if given.no_consent:
        said["consent"] = ""
    return replace(voice, **said)


def options(text: str) -> dict[str, Any]:
    """Engine options as JSON."""
    found = _object(text)
    try:
        EngineOptions.model_validate(found)
    except ValidationError as error:
        raise argparse.ArgumentTypeError(f"no engine options: {first_problem(error)}") from error
    return found


def lexicon(path: str) -> dict[str, str]:
    """The lexicon in a JSON file: {"GIF": "jif"}."""
    try:
        with Path(path).open(encoding="utf-8") as file:
            found = _object(file.read(MAX_LEXICON_BYTES))
    except (OSError, UnicodeDecodeError) as error:
        raise argparse.ArgumentTypeError(f"{path} cannot be read as text: {error}") from error
    if not all(isinstance(said, str) for said in found.values()):
        raise argparse.ArgumentTypeError(f'{path} is no lexicon such as {{"GIF": "jif"}}')
    return found


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from error
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError("not a JSON object")
    return found


def _answer(name: str, text: str) -> str:
    if name == "gender" and text not in GENDERS:
        raise Misuse(f"a gender is one of {', '.join(GENDERS)}")
    if name != "language":
        return text
    try:
        return language(text)
    except argparse.ArgumentTypeError as error:
        raise Misuse(str(error)) from error
