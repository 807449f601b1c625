"""The optional recogniser: what it hears is held against the text."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.guards.speaking import saying
from worker.audio.clip import Clip, silence
from worker.engines.base import Verdict
from worker.errors import EngineUnavailable
from worker.guards.check import Finding
from worker.guards.recognition import FasterWhisper, Recognition

VERDICT = Verdict(seed=1, engine="espeak")


@dataclass(frozen=True)
class Hears:
    said: str

    def heard(self, clip: Clip, language: str) -> str:  # noqa: ARG002 - whatever it is
        return self.said


def judged(text: str, heard: str) -> Finding | None:
    return Recognition(recogniser=Hears(heard)).judge(saying(text, "en"), silence(1, 100), VERDICT)


def test_the_same_words_pass_whatever_their_case_and_punctuation() -> None:
    assert (
        judged("Strength comes slowly; weakness arrives overnight.", "strength comes slowly weakness ARRIVES") is None
    )
    assert judged("Café!", "cafe\u0301") is None


def test_words_left_out_and_words_put_in_are_found() -> None:
    cut = judged("Strength comes slowly; weakness arrives overnight.", "Strength comes slowly")
    babble = judged("Hi!", "Hi, and then we went to the sea")
    assert cut is not None
    assert babble is not None
    assert 0 < cut.severity < babble.severity <= 1


def test_a_text_without_a_letter_is_not_judged() -> None:
    assert judged("...", "anything") is None


def test_numbers_are_compared_as_they_are_spoken() -> None:
    check = Recognition(recogniser=Hears("42"), spoken_form=lambda text, _: text.replace("42", "forty-two"))
    assert check.judge(saying("forty-two", "en"), silence(1, 100), VERDICT) is None


def test_without_the_package_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(EngineUnavailable, match="pip install faster-whisper"):
        FasterWhisper.load(tmp_path)
