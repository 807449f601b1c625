"""How Italian says what is written."""

from __future__ import annotations

from worker.text.spoken.language import Language, Numbers, fractions, moneys, nouns
from worker.text.spoken.number_words import LibraryNumbers


def _agree(words: str, feminine: object) -> str:
    if words == "uno":
        return "una" if feminine else "un"
    return words


def _date(numbers: Numbers, day: int, month: str, _: str) -> str:
    return f"{'primo' if day == 1 else numbers.cardinal(day)} {month}"


def _clock(numbers: Numbers, hour: int, minute: int, half: str) -> str:
    hours = "una" if hour == 1 else numbers.cardinal(hour)
    minutes = f" e {numbers.cardinal(minute)}" if minute else ""
    halves = {"am": " del mattino", "pm": " di sera" if 6 <= hour < 12 else " del pomeriggio"}  # noqa: PLR2004 — evening from six
    return hours + minutes + halves.get(half, "")


def _inflect(words: str, form: str) -> str:
    return f"{words[:-1]}a" if form == "feminine" and words.endswith("o") else words


# Tables read better packed than one entry to a line.
# fmt: off
ITALIAN = Language(
    numbers=LibraryNumbers(code="it"),
    decimal_words={",": "virgola", ".": "punto"},
    group_marks=". ",
    digitwise_fraction=False,
    minus="meno",
    agree=_agree,
    of_million=lambda noun: f"di {noun}",
    magnitudes={
        "milione": "milione", "milioni": "milioni", "miliardo": "miliardo", "miliardi": "miliardi", "mln": "milioni",
        "mld": "miliardi",
    },
    units=nouns({
        "km": "chilometro|chilometri", "m": "metro|metri", "cm": "centimetro|centimetri", "mm": "millimetro|millimetri",
        "kg": "chilogrammo|chilogrammi", "g": "grammo|grammi", "mg": "milligrammo|milligrammi",
        "t": "tonnellata|tonnellate|f", "L l": "litro|litri", "mL ml": "millilitro|millilitri",
        "m²": "metro quadrato|metri quadrati", "km²": "chilometro quadrato|chilometri quadrati",
        "m³": "metro cubo|metri cubi", "km/h": "chilometro orario|chilometri orari",
        "m/s": "metro al secondo|metri al secondo", "°C": "grado Celsius|gradi Celsius", "°": "grado|gradi",
        "s": "secondo|secondi", "min": "minuto|minuti", "h": "ora|ore|f", "Hz": "hertz", "kHz": "kilohertz",
        "MHz": "megahertz", "GHz": "gigahertz", "W": "watt", "kW": "chilowatt", "kWh": "chilowattora", "V": "volt",
        "kB KB": "kilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte",
    }),
    currencies=moneys({
        "€ EUR": "euro; centesimo|centesimi", "$": "dollaro|dollari; centesimo|centesimi",
        "US$ USD": "dollaro statunitense|dollari statunitensi; centesimo|centesimi",
        "£ GBP": "sterlina|sterline|f; penny|pence", "¥ JPY": "yen",
        "CHF": "franco svizzero|franchi svizzeri; centesimo|centesimi",
    }),
    cents_joiner=" e ",
    months=(
        *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno"),
        *("luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"),
    ),
    date=_date,
    clock=_clock,
    hour_marks=":",
    ordinal_endings={"º": "", "°": "", "ª": "feminine"},
    inflect=_inflect,
    titles={
        "Sig": "signor", "Sig.ra": "signora", "Dott": "dottor", "Dr": "dottor", "Prof": "professor", "Ing": "ingegner",
        "Avv": "avvocato",
    },
    numbered={"n.": "numero", "N.": "numero", "pag.": "pagina", "p.": "pagina", "art.": "articolo", "cap.": "capitolo"},
    abbreviations={
        "ecc.": "eccetera", "etc.": "eccetera", "p.es.": "per esempio", "p. es.": "per esempio", "ad es.": "ad esempio",
        "a.C.": "avanti Cristo", "d.C.": "dopo Cristo",
    },
    closing=frozenset({"ecc.", "etc.", "a.C.", "d.C."}),
    roman_cues=("capitolo", "tomo", "volume", "parte", "libro", "atto", "scena", "articolo"),
    fractions=fractions({
        "1/2": "un mezzo; e mezzo", "1/3": "un terzo; e un terzo", "2/3": "due terzi; e due terzi",
        "1/4": "un quarto; e un quarto", "3/4": "tre quarti; e tre quarti",
    }),
    percent={"%": "per cento", "‰": "per mille"},
    symbols={"&": "e", "+": "più", "=": "uguale", "№": "numero", "×": "per", "÷": "diviso", "±": "più o meno"},
    web={
        ".": "punto", "/": "barra", "@": "chiocciola", "-": "trattino", "_": "trattino basso", ":": "due punti",
        "~": "tilde", "+": "più",
    },
    range_word="a",
)
