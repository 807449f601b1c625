"""English, as it is read aloud."""

from __future__ import annotations

import pytest

from worker.text.normalise import normalise

SPOKEN = {
    "12": "twelve",
    "1,234,567": "one million two hundred and thirty-four thousand five hundred and sixty-seven",
    "3.14": "three point one four",
    "It is -5 outside": "It is minus five outside",
    "007": "zero zero seven",
    "12345678901": "one two three four five six seven eight nine zero one",
    "15%": "fifteen percent",
    "$12.50": "twelve dollars and fifty cents",
    "$1": "one dollar",
    "$0.05": "five cents",
    "£1.01": "one pound and one penny",
    "¥500": "five hundred yen",
    "5 €": "five euros",
    "$3.5 million": "three point five million dollars",
    "2026-11-20": "November twentieth twenty twenty-six",
    "11/20/2026": "November twentieth twenty twenty-six",
    "May 5, 2024": "May fifth, twenty twenty-four",
    "14:30": "fourteen thirty",
    "9:00": "nine o'clock",
    "at 3:05 pm.": "at three oh five p.m.",
    "the 21st and the 3rd": "the twenty-first and the third",
    "5 km at 60 mph": "five kilometers at sixty miles per hour",
    "1 kg, 20 °C, 16 GB": "one kilogram, twenty degrees Celsius, sixteen gigabytes",
    "2½ km": "two and a half kilometers",
    "1/2 cup": "one half cup",
    "https://www.example.com/a-b?q=1.": "www dot example dot com slash a dash b.",
    "me@example.co.uk": "me at example dot co dot uk",
    "Dr. Smith and Mrs. Jones": "Doctor Smith and Missus Jones",
    "cats, dogs, etc.": "cats, dogs, et cetera.",
    "fruit, e.g. apples": "fruit, for example apples",
    "No. 7": "number seven",
    "Chapter IV": "Chapter four",
    "call 555-123-4567": "call five five five, one two three, four five six seven",
    "+1 (555) 123-4567": "plus one, five five five, one two three, four five six seven",
    "AT&T": "AT and T",
    "2 + 2 = 4": "two plus two equals four",
    "in 1999": "in nineteen ninety-nine",
    "in 1848": "in eighteen forty-eight",
    "1500 people": "one thousand five hundred people",
    "the 1990s": "the nineteen nineties",
    "1999–2005": "nineteen ninety-nine to two thousand and five",
    "10-20 people": "ten to twenty people",
    "version 1.2.3": "version one point two point three",
    "MP3": "MP three",
}


@pytest.mark.parametrize(("written", "spoken"), SPOKEN.items())
def test_english_is_spoken_as_it_is_read(written: str, spoken: str) -> None:
    assert normalise(written, "en-US") == spoken


def test_a_british_date_has_its_day_first() -> None:
    assert normalise("on 05/11/2026", "en-GB") == "on the fifth of November twenty twenty-six"


@pytest.mark.parametrize(
    "text", ["a < b and c > d", "a<b and c>d", "C++", "x == y", "U.S.A.", "snake_case", "[laugh] hi"]
)
def test_what_no_rule_knows_stays_as_it_is(text: str) -> None:
    assert normalise(text, "en") == text
