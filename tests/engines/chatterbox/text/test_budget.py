"""A text's audio may take as long as the slowest speaker needs, and not much longer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.chatterbox.text.spoken import SENTENCES
from voice_library.voice import Voice
from worker.engines.base import Utterance, primary_subtag
from worker.engines.chatterbox.member import LANGUAGES, TAGS
from worker.engines.chatterbox.text.budget import LONGEST, TOKENS_PER_SECOND, token_limit
from worker.engines.espeak.engine import EspeakEngine, load
from worker.settings import Settings

SLOW = 80 / 175
"""The slowest that espeak-ng speaks, of what it calls normal."""


@pytest.fixture(scope="module")
def espeak() -> EspeakEngine:
    return load("espeak", Settings())


def seconds(espeak: EspeakEngine, text: str, language: str, speed: float) -> float:
    known = {"zh": "cmn", "no": "nb"}.get(language, language)
    voice = min((voice for voice in espeak.voices if primary_subtag(voice.language) == known), key=lambda v: v.language)
    take = espeak.submit(utterance(text, voice, language, speed))
    return sum(len(clip.samples) for clip in take) / espeak.sample_rate


def utterance(text: str, voice: Voice, language: str, speed: float) -> Utterance:
    return Utterance(
        index=0, text=text, start=0, end=len(text), engine="espeak", voice=voice, language=language, speed=speed
    )


def test_there_is_a_sentence_in_every_language() -> None:
    assert frozenset(SENTENCES) == LANGUAGES


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_speech_at_less_than_half_speed_has_room_in_every_language(espeak: EspeakEngine, language: str) -> None:
    twice = f"{SENTENCES[language]} {SENTENCES[language]}"
    assert token_limit(twice) > 1.05 * TOKENS_PER_SECOND * seconds(espeak, twice, language, SLOW)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "we go to see a ruby radio area you ate a banana in a piano bar of ohio and i am a lady"),
        ("es", "una amiga mía iba a una casa de la avenida a oír la radio y a ver a la abuela de ana"),
        ("fi", "aamulla menemme ulos ja ajamme autolla kotiin koska on ilta ja sataa vettä"),
        ("ms", "saya suka membaca buku di rumah bersama ibu dan bapa saya setiap hari"),
        ("sw", "ninafurahi sana kukutana na wewe leo hapa nyumbani kwetu karibu ule chakula"),
    ],
)
def test_words_of_short_syllables_have_room_to_be_read_slowly(espeak: EspeakEngine, language: str, text: str) -> None:
    assert token_limit(text) > 1.05 * TOKENS_PER_SECOND * seconds(espeak, text, language, SLOW)


@pytest.mark.parametrize("language", ["de", "en", "fi", "fr", "pl", "sw"])
@pytest.mark.parametrize("text", ["777", "99", "1999", "888 777"])
def test_figures_have_room_to_be_read_slowly(espeak: EspeakEngine, text: str, language: str) -> None:
    assert token_limit(text) > TOKENS_PER_SECOND * seconds(espeak, text, language, SLOW)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_babble_ends_after_seven_times_the_text(espeak: EspeakEngine, language: str) -> None:
    text = SENTENCES[language]
    assert token_limit(text) < 7 * TOKENS_PER_SECOND * seconds(espeak, text, language, 1.0)


@pytest.mark.parametrize("text", ["Hi!", "No.", "A", "7", "好", "네", "."])
def test_a_word_has_a_few_seconds(text: str) -> None:
    assert 3 * TOKENS_PER_SECOND < token_limit(text) < 6 * TOKENS_PER_SECOND


@pytest.mark.parametrize("tag", sorted(TAGS))
def test_a_tag_has_time_to_be_acted(tag: str) -> None:
    assert token_limit(f"Well [{tag}] yes.") >= token_limit("Well yes.") + 4 * TOKENS_PER_SECOND


def test_a_pause_has_time_to_pass() -> None:
    assert token_limit("One, two, three.") - token_limit("One two three") >= 3 * 0.5 * TOKENS_PER_SECOND


def test_long_texts_have_what_upstream_gives_every_text() -> None:
    assert token_limit("a" * 2000) == LONGEST == 1000


@given(st.text(max_size=80), st.text(max_size=20))
def test_more_text_never_has_less_time(text: str, more: str) -> None:
    assert 0 < token_limit(text) <= token_limit(f"{text} {more}") <= LONGEST
