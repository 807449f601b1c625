"""How English says what is written."""

from __future__ import annotations

from worker.text.spoken.language import Language, Numbers, fractions, moneys, nouns
from worker.text.spoken.number_words import LibraryNumbers


def _clock(numbers: Numbers, hour: int, minute: int, half: str) -> str:
    suffix = {"am": " a.m.", "pm": " p.m."}.get(half, "")
    if minute == 0 and not suffix:
        on_clock_face = 1 <= hour <= 12  # noqa: PLR2004 — twelve hours on a clock face
        return f"{numbers.cardinal(hour)} " + ("o'clock" if on_clock_face else "hundred")
    minutes = f" oh {numbers.cardinal(minute)}" if minute < 10 else f" {numbers.cardinal(minute)}"  # noqa: PLR2004 — one digit
    return numbers.cardinal(hour) + (minutes if minute else "") + suffix


def _month_first(numbers: Numbers, day: int, month: str, _: str) -> str:
    return f"{month} {numbers.ordinal(day)}"


def day_of_month(numbers: Numbers, day: int, month: str, before: str) -> str:
    """The British order; `the` is left out where it is already written."""
    article = "" if before.lower() == "the" else "the "
    return f"{article}{numbers.ordinal(day)} of {month}"


def _decade(year: str) -> str:
    return f"{year[:-1]}ies" if year.endswith("y") else f"{year}s"


# Tables read better packed than one entry to a line.
# fmt: off
ENGLISH = Language(
    numbers=LibraryNumbers(code="en"),
    decimal_words={
        ".": "point",
    },
    group_marks=",",
    minus="minus",
    magnitudes={
        "thousand": "thousand", "million": "million", "billion": "billion", "trillion": "trillion",
        "k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "bn": "billion",
        "B": "billion", "tn": "trillion", "T": "trillion",
    },
    units=nouns({
        "km": "kilometer|kilometers", "m": "meter|meters", "cm": "centimeter|centimeters",
        "mm": "millimeter|millimeters", "mi": "mile|miles", "ft": "foot|feet", "yd": "yard|yards",
        "kg": "kilogram|kilograms", "g": "gram|grams", "mg": "milligram|milligrams",
        "lb lbs": "pound|pounds", "oz": "ounce|ounces", "L l": "liter|liters",
        "mL ml": "milliliter|milliliters", "m²": "square meter|square meters",
        "km²": "square kilometer|square kilometers", "m³": "cubic meter|cubic meters",
        "km/h kph": "kilometer per hour|kilometers per hour", "mph": "mile per hour|miles per hour",
        "m/s": "meter per second|meters per second", "°C": "degree Celsius|degrees Celsius",
        "°F": "degree Fahrenheit|degrees Fahrenheit", "°": "degree|degrees", "s sec": "second|seconds",
        "ms": "millisecond|milliseconds", "min": "minute|minutes", "h hr hrs": "hour|hours", "Hz": "hertz",
        "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz", "W": "watt|watts",
        "kW": "kilowatt|kilowatts", "MW": "megawatt|megawatts", "kWh": "kilowatt hour|kilowatt hours",
        "V": "volt|volts", "kB KB": "kilobyte|kilobytes", "MB": "megabyte|megabytes",
        "GB": "gigabyte|gigabytes", "TB": "terabyte|terabytes",
        "Mbps": "megabit per second|megabits per second", "Gbps": "gigabit per second|gigabits per second",
    }),
    currencies=moneys({
        "$": "dollar|dollars; cent|cents", "US$ USD": "US dollar|US dollars; cent|cents",
        "CAD": "Canadian dollar|Canadian dollars; cent|cents", "€ EUR": "euro|euros; cent|cents",
        "£ GBP": "pound|pounds; penny|pence", "¥ JPY": "yen", "₹": "rupee|rupees; paisa|paise",
        "CHF": "Swiss franc|Swiss francs; centime|centimes", "HTG": "gourde|gourdes; centime|centimes",
        "R$": "real|reais; centavo|centavos", "¢": "cent|cents",
    }),
    cents_joiner=" and ",
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    day_first=False,
    date=_month_first,
    split_years=True,
    year_cues=(
        *("in", "since", "year", "until", "till", "from", "by", "of", "circa", "before", "after", "during", "spring"),
        *("summer", "autumn", "fall", "winter"),
    ),
    decade=_decade,
    clock=_clock,
    ordinal_endings={
        "st": "", "nd": "", "rd": "", "th": "",
    },
    titles={
        "Dr": "Doctor", "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Prof": "Professor", "St": "Saint",
        "Gen.": "General", "Col": "Colonel", "Capt": "Captain", "Lt": "Lieutenant", "Sgt": "Sergeant",
        "Sen": "Senator", "Gov": "Governor", "Rev": "Reverend", "Hon": "Honorable", "Pres": "President",
    },
    numbered={
        "No.": "number", "no.": "number", "Nos.": "numbers", "p.": "page", "pp.": "pages", "vol.": "volume",
        "Vol.": "Volume", "ch.": "chapter", "Ch.": "Chapter", "fig.": "figure", "Fig.": "Figure",
        "sec.": "section", "Sec.": "Section", "ca.": "circa", "c.": "circa", "ver.": "version",
        "v.": "version", "#": "number",
    },
    abbreviations={
        "e.g.": "for example", "i.e.": "that is", "etc.": "et cetera", "vs.": "versus",
        "approx.": "approximately", "Jr.": "Junior", "Sr.": "Senior", "Inc.": "Incorporated",
        "Ltd.": "Limited", "Corp.": "Corporation", "Ave.": "Avenue", "Blvd.": "Boulevard",
        "Dept.": "Department", "dept.": "department", "Jan.": "January",
        "Feb.": "February", "Aug.": "August", "Sept.": "September", "Oct.": "October", "Nov.": "November",
        "Dec.": "December", "Ph.D.": "P H D", "w/": "with", "w/o": "without",
    },
    closing=frozenset({"etc.", "Jr.", "Sr.", "Inc.", "Ltd.", "Corp.", "Ave.", "Blvd.", "Ph.D."}),
    roman_cues=("chapter", "part", "volume", "book", "section", "act", "scene", "article", "phase"),
    fractions=fractions({
        "1/2": "one half; and a half", "1/3": "one third; and a third",
        "2/3": "two thirds; and two thirds", "1/4": "one quarter; and a quarter",
        "3/4": "three quarters; and three quarters", "1/8": "one eighth; and an eighth",
    }),
    percent={
        "%": "percent", "‰": "per mille",
    },
    symbols={
        "&": "and", "+": "plus", "=": "equals", "№": "number", "×": "times", "÷": "divided by",
        "±": "plus or minus", "≈": "approximately", "≤": "less than or equal to",
        "≥": "greater than or equal to", "≠": "not equal to", "§": "section",
    },
    web={
        ".": "dot", "/": "slash", "@": "at", "-": "dash", "_": "underscore", ":": "colon", "~": "tilde",
        "+": "plus",
    },
    range_word="to",
)
