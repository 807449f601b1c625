"""How Haitian Creole says what is written."""

from __future__ import annotations

from worker.text.spoken import haitian_numbers
from worker.text.spoken.language import Language, Numbers, fractions, moneys, nouns
from worker.text.spoken.number_words import HaitianNumbers


def _agree(words: str, _: object) -> str:
    """`yon` before a noun, where counting says `en`."""
    return "yon" if words == "en" else words


def _date(numbers: Numbers, day: int, month: str, _: str) -> str:
    return f"{'premye' if day == 1 else numbers.cardinal(day)} {month}"


def _clock(numbers: Numbers, hour: int, minute: int, half: str) -> str:
    minutes = f" {numbers.cardinal(minute)}" if minute else ""
    return haitian_numbers.hour(hour) + minutes + _half_of_day(hour, half)


def _half_of_day(hour: int, half: str) -> str:
    if not half or hour in {0, 12}:  # midnight and noon are named
        return ""
    if half == "am":
        return " dimaten"
    return " diswa" if hour >= 6 else " nan apremidi"  # noqa: PLR2004 — evening from six


# Both the French and the American way of writing numbers are in use in Haiti.
# Tables read better packed than one entry to a line.
# fmt: off
HAITIAN = Language(
    numbers=HaitianNumbers(),
    decimal_words={",": "vigil", ".": "pwen"},
    group_marks=" ,.",
    digitwise_fraction=False,
    minus="mwens",
    agree=_agree,
    magnitudes={"mil": "mil", "milyon": "milyon", "milya": "milya", "M": "milyon"},
    units=nouns({
        "km": "kilomèt", "m": "mèt", "cm": "santimèt", "mm": "milimèt", "kg": "kilogram", "g": "gram",
        "mg": "miligram", "t": "tòn", "L l": "lit", "mL ml": "mililit", "lb lbs": "liv", "m²": "mèt kare",
        "km²": "kilomèt kare", "m³": "mèt kib", "km/h": "kilomèt alè", "m/s": "mèt pa segonn",
        "°C": "degre Sèlsiyis", "°F": "degre Farennay", "°": "degre", "s": "segonn", "ms": "milisegonn",
        "min": "minit", "Hz": "ètz", "kHz": "kiloètz", "MHz": "megaètz", "GHz": "jigaètz", "W": "wat",
        "kW": "kilowat", "MW": "megawat", "kWh": "kilowatè", "V": "vòl", "kB KB Ko": "kilo-oktè",
        "MB Mo": "mega-oktè", "GB Go": "jiga-oktè", "TB To": "tera-oktè",
    }),
    currencies=moneys({
        "HTG G Gdes gdes Gd": "goud; santim", "$": "dola; santim", "US$ USD": "dola ameriken; santim",
        "CAD": "dola kanadyen; santim", "DOP RD$": "peso dominiken; santim", "€ EUR": "ewo; santim",
        "£ GBP": "liv estelin; peni", "¥ JPY": "yèn", "CHF": "fran suis; santim",
    }),
    cents_joiner=" ak ",
    months=(
        *("janvye", "fevriye", "mas", "avril", "me", "jen"),
        *("jiyè", "out", "septanm", "oktòb", "novanm", "desanm"),
    ),
    date=_date,
    clock=_clock,
    hour_marks=":hè",
    hour_words=("è", "h"),
    ordinal_endings={
        "ye": "", "e": "", "èm": "", "em": "", "yèm": "", "zyèm": "", "tyèm": "", "er": "", "ème": "",
    },
    titles={
        "M.": "mesye", "Mme": "madan", "Mlle": "manmzèl", "Dr": "doktè", "Dk": "doktè", "Prof": "pwofesè",
        "Pwof": "pwofesè", "Mèt": "mèt", "St": "sen", "Pst": "pastè",
    },
    numbered={
        "No.": "nimewo", "no.": "nimewo", "n°": "nimewo", "N°": "nimewo", "Nim.": "nimewo", "nim.": "nimewo",
        "p.": "paj", "paj.": "paj", "fig.": "figi", "vol.": "volim", "atik.": "atik", "tel.": "telefòn",
        "Tel.": "telefòn", "Tél.": "telefòn", "tél.": "telefòn",
    },
    abbreviations={
        "elt.": "elatriye", "etc.": "elatriye", "p.eg.": "pa egzanp", "p. eg.": "pa egzanp", "p.egz.": "pa egzanp",
        "p. egz.": "pa egzanp", "pa egz.": "pa egzanp", "av. J.K.": "anvan Jezikri", "apr. J.K.": "apre Jezikri",
    },
    closing=frozenset({"elt.", "etc.", "av. J.K.", "apr. J.K."}),
    roman_cues=("chapit", "tòm", "volim", "pati", "liv", "atik"),
    fractions=fractions({
        "1/2": "yon demi; edmi", "1/3": "yon tyè; ak yon tyè", "2/3": "de tyè; ak de tyè",
        "1/4": "yon ka; ak yon ka", "3/4": "twa ka; ak twa ka", "1/8": "yon uityèm; ak yon uityèm",
    }),
    percent={"%": "pousan", "‰": "pou mil"},
    symbols={
        "&": "ak", "+": "plis", "=": "egal", "№": "nimewo", "×": "fwa", "÷": "divize pa", "±": "plis oswa mwens",
        "≈": "apeprè", "≤": "pi piti oswa egal", "≥": "pi gran oswa egal", "≠": "pa egal", "§": "paragraf",
    },
    web={
        ".": "pwen", "/": "ba", "@": "awobaz", "-": "tirè", "_": "tirè anba", ":": "de pwen", "~": "tild", "+": "plis",
    },
    range_word="a",
)
