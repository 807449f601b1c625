"""What single checks go by, on sounds and tokens whose every property is known."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from tests.guards.speaking import saying
from worker.audio.clip import Clip, silence
from worker.engines.base import Utterance, Verdict
from worker.guards.calibration import bounds, spoken_sec
from worker.guards.check import judged
from worker.guards.duration import InnerSilence, TooLong, TooShort
from worker.guards.levels import out_of_line
from worker.guards.repetition import RepeatedTokens, repeated_text_sec
from worker.guards.sound import NonFinite, Silent
from worker.guards.usual import usual_checks
from worker.request import EngineOptions

RATE = 16_000
TOKENS_PER_SECOND = 25
PLAIN = saying("strength comes slowly and weakness arrives overnight", "en")


def noise(seconds: float) -> Clip:
    samples = np.random.default_rng(0).standard_normal(round(seconds * RATE)) * 0.1
    return Clip(samples=samples.astype(np.float32), sample_rate=RATE)


def looped(tokens: list[int], text: str = PLAIN.text) -> bool:
    verdict = Verdict(seed=1, engine="chatterbox", speech_tokens=tuple(tokens))
    clip = silence(len(tokens) / TOKENS_PER_SECOND, RATE)
    return RepeatedTokens().judge(saying(text, "en"), clip, verdict) is not None


def drawn(count: int) -> list[int]:
    return random.Random(count).choices(range(6561), k=count)


def test_tokens_as_they_are_drawn_pass() -> None:
    assert not looped(drawn(1000))


def test_engines_without_tokens_pass() -> None:
    assert RepeatedTokens().judge(PLAIN, noise(1), Verdict(seed=1, engine="espeak")) is None


@pytest.mark.parametrize("period", [5, 9, 24, 40, 75, 100])
def test_a_loop_of_tokens_is_found_at_any_period(period: int) -> None:
    assert looped(drawn(100) + drawn(period) * (2 + 40 // period) + drawn(30))


def test_one_token_may_go_on_for_a_pause_and_no_longer() -> None:
    assert not looped(drawn(100) + [4218] * 45 + drawn(101))
    assert looped(drawn(100) + [4218] * 60 + drawn(101))


def test_a_short_phrase_of_tokens_may_come_again() -> None:
    phrase = drawn(15)
    assert not looped(drawn(50) + phrase + drawn(20) + phrase)


def test_text_that_repeats_may_repeat_its_tokens() -> None:
    phrase = drawn(40)
    assert looped(phrase + phrase)
    assert not looped(phrase + phrase, text="row your boat down the stream, row your boat down the stream")


@pytest.mark.parametrize(
    ("text", "longest"),
    [("", 0), ("!?...", 0), ("abc", 0), ("no no no", 4), ("No, no, NO!", 4), ("abcabc", 3), ("abcxabcy", 3)],
)
def test_repetition_in_a_text_is_its_longest_stretch_that_comes_again(text: str, longest: int) -> None:
    said = saying(text.lower(), "en")
    assert repeated_text_sec(said) == pytest.approx(spoken_sec("x" * longest, "en")[1])


def test_a_slower_utterance_may_be_as_much_longer() -> None:
    usual, slow = bounds(PLAIN), bounds(replace(PLAIN, speed=0.5))
    assert slow.usual_sec == pytest.approx(2 * usual.usual_sec)
    assert slow.longest_sec == pytest.approx(2 * usual.longest_sec)


def test_a_voice_that_speaks_slowly_by_itself_may_take_longer() -> None:
    slow = replace(PLAIN.voice, engines={"espeak": {"voice": "en-us", "rate": 87.5}})
    assert bounds(replace(PLAIN, voice=slow)).usual_sec == pytest.approx(2 * bounds(PLAIN).usual_sec)


def test_gaps_that_were_asked_for_are_no_fault() -> None:
    gaps = replace(PLAIN, options=EngineOptions(word_gap=150))
    assert bounds(gaps).longest_sec == pytest.approx(bounds(PLAIN).longest_sec + 7 * 1.5)
    middle = Clip(
        samples=np.concatenate((noise(1).samples, silence(2, RATE).samples, noise(1).samples)), sample_rate=RATE
    )
    verdict = Verdict(seed=1, engine="espeak")
    assert InnerSilence().judge(PLAIN, middle, verdict) is not None
    assert InnerSilence().judge(gaps, middle, verdict) is None


def test_engines_that_were_not_heard_have_wider_bounds() -> None:
    measured, other = bounds(PLAIN), bounds(replace(PLAIN, engine="another"))
    assert other.shortest_sec < measured.shortest_sec < measured.longest_sec < other.longest_sec


@pytest.mark.parametrize("text", ["Hi!", "A", "好。", "네.", "1", "[laugh]", "…", "e.g."])
def test_very_short_texts_are_never_too_short_to_be_true(text: str) -> None:
    assert bounds(saying(text, "en")).shortest_sec < 0.15
    assert bounds(saying(text, "en")).longest_sec > 1.4


def test_a_tag_may_take_its_time_and_may_be_left_out() -> None:
    tagged = replace(PLAIN, text=f"{PLAIN.text} [laugh]")
    assert bounds(tagged).shortest_sec == pytest.approx(bounds(PLAIN).shortest_sec)
    assert bounds(tagged).longest_sec > bounds(PLAIN).longest_sec + 4


def test_silence_at_the_ends_is_not_speech() -> None:
    padded = Clip(samples=np.pad(noise(0.5).samples, (RATE * 5, RATE * 30)), sample_rate=RATE)
    verdict = Verdict(seed=1, engine="espeak")
    assert TooLong().judge(PLAIN, padded, verdict) is None
    assert TooShort().judge(PLAIN, padded, verdict) is not None


def test_a_recording_that_is_said_again_is_not_held_against_a_text() -> None:
    wordless: Utterance = saying("", "en")
    pauses = Clip(samples=np.concatenate([noise(20).samples, silence(5, RATE).samples] * 2), sample_rate=RATE)
    verdict = Verdict(seed=1, engine="chatterbox")
    for check in usual_checks():
        if check.name != "steady_noise":
            assert check.judge(wordless, pauses, verdict) is None, check.name


def test_after_a_fatal_finding_no_other_check_is_asked() -> None:
    broken = Clip(samples=np.full(RATE, np.nan, np.float32), sample_rate=RATE)
    found = judged(usual_checks(), PLAIN, broken, Verdict(seed=1, engine="espeak", end="token_limit"))
    assert [finding.name for finding in found] == [NonFinite().name]


@pytest.mark.parametrize("frames", [0, 1, 2, 160, 479, 480, 1000])
def test_no_check_stumbles_over_a_clip_of_any_length(frames: int) -> None:
    clip = Clip(samples=noise(1).samples[:frames], sample_rate=RATE)
    for check in usual_checks():
        finding = check.judge(PLAIN, clip, Verdict(seed=1, engine="espeak", speech_tokens=(1,)))
        assert finding is None or 0 < finding.severity <= 1


def test_a_clip_without_a_sample_is_silent() -> None:
    finding = Silent().judge(PLAIN, silence(0, RATE), Verdict(seed=1, engine="espeak"))
    assert finding is not None
    assert finding.fatal


def test_neighbours_of_one_level_are_in_line_and_the_odd_one_is_not() -> None:
    assert out_of_line([-20, -22, -18, -21, -19]) == ()
    assert out_of_line([-20, -22, -45, -21, -19]) == (2,)
    assert out_of_line([-50, -20, -21, -19]) == (0,)
    assert out_of_line([-20]) == ()
    assert out_of_line([]) == ()
