"""How Spanish says what is written."""

from __future__ import annotations

import re

from worker.text.spoken.language import Language, Numbers, fractions, moneys, nouns
from worker.text.spoken.number_words import LibraryNumbers

_ONE_BEFORE_THOUSANDS = re.compile(r"(veinti|\b)uno(?= mil)")
_LAST_ONE = re.compile(r"(veinti|\b)uno$")
_EARLY_TEENS = {"décimoprimero": "undécimo", "décimosegundo": "duodécimo"}


def _short_one(match: re.Match[str]) -> str:
    return "veintiún" if match.group(1) else "un"


def _mend(words: str) -> str:
    """The library writes `veintiuno mil` and `décimoprimero`."""
    return _EARLY_TEENS.get(words, _ONE_BEFORE_THOUSANDS.sub(_short_one, words))


def _agree(words: str, feminine: object) -> str:
    if feminine:
        return _LAST_ONE.sub(r"\1una", words).replace("cientos", "cientas")
    return _LAST_ONE.sub(_short_one, words)


def _date(numbers: Numbers, day: int, month: str, _: str) -> str:
    return f"{'primero' if day == 1 else numbers.cardinal(day)} de {month}"


def _clock(numbers: Numbers, hour: int, minute: int, half: str) -> str:
    hours = _agree(numbers.cardinal(hour), feminine=True)
    minutes = f" {numbers.cardinal(minute)}" if minute else ""
    if half:
        return f"{hours}{minutes} {_half_of_day(hour, half)}"
    return hours + (minutes or (" hora" if hour == 1 else " horas"))


def _half_of_day(hour: int, half: str) -> str:
    if half == "am":
        return "de la mañana"
    return "de la noche" if 8 <= hour < 12 else "de la tarde"  # noqa: PLR2004 — night from eight


def _inflect(words: str, form: str) -> str:
    if form == "feminine":
        return " ".join(f"{word[:-1]}a" if word.endswith("o") else word for word in words.split())
    if form == "short" and words.endswith(("primero", "tercero")):
        return words[:-1]
    return words


# Tables read better packed than one entry to a line.
# fmt: off
SPANISH = Language(
    numbers=LibraryNumbers(code="es", mend=_mend),
    decimal_words={",": "coma", ".": "punto"},
    group_marks=" .",
    digitwise_fraction=False,
    minus="menos",
    agree=_agree,
    of_million=lambda noun: f"de {noun}",
    magnitudes={
        "millón": "millón", "millones": "millones", "billón": "billón", "billones": "billones", "M": "millones",
    },
    units=nouns({
        "km": "kilómetro|kilómetros", "m": "metro|metros", "cm": "centímetro|centímetros",
        "mm": "milímetro|milímetros", "kg": "kilogramo|kilogramos", "g": "gramo|gramos",
        "mg": "miligramo|miligramos", "t": "tonelada|toneladas|f", "L l": "litro|litros",
        "mL ml": "mililitro|mililitros", "m²": "metro cuadrado|metros cuadrados",
        "km²": "kilómetro cuadrado|kilómetros cuadrados", "m³": "metro cúbico|metros cúbicos",
        "km/h": "kilómetro por hora|kilómetros por hora", "m/s": "metro por segundo|metros por segundo",
        "°C": "grado Celsius|grados Celsius", "°F": "grado Fahrenheit|grados Fahrenheit", "°": "grado|grados",
        "s": "segundo|segundos", "ms": "milisegundo|milisegundos", "min": "minuto|minutos", "h": "hora|horas|f",
        "Hz": "hercio|hercios", "kHz": "kilohercio|kilohercios", "MHz": "megahercio|megahercios",
        "GHz": "gigahercio|gigahercios", "W": "vatio|vatios", "kW": "kilovatio|kilovatios",
        "MW": "megavatio|megavatios", "kWh": "kilovatio hora|kilovatios hora", "V": "voltio|voltios",
        "kB KB": "kilobyte|kilobytes", "MB": "megabyte|megabytes", "GB": "gigabyte|gigabytes",
        "TB": "terabyte|terabytes",
    }),
    currencies=moneys({
        "€ EUR": "euro|euros; céntimo|céntimos", "$": "dólar|dólares; centavo|centavos",
        "US$ USD": "dólar estadounidense|dólares estadounidenses; centavo|centavos",
        "MXN": "peso mexicano|pesos mexicanos; centavo|centavos", "£ GBP": "libra|libras|f; penique|peniques",
        "¥ JPY": "yen|yenes", "CHF": "franco suizo|francos suizos; céntimo|céntimos",
        "HTG": "gurda|gurdas|f; céntimo|céntimos", "R$": "real|reales; centavo|centavos",
    }),
    cents_joiner=" con ",
    months=(
        *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
        *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
    date=_date,
    year_joiner=" de ",
    clock=_clock,
    hour_marks=":",
    hour_words=("horas", "hs", "hrs", "h"),
    ordinal_endings={
        ".º": "", "º": "", ".ª": "feminine", "ª": "feminine", ".er": "short", "er": "short", "o.": "", "a.": "feminine",
    },
    inflect=_inflect,
    titles={
        "Sr": "señor", "Sra": "señora", "Srta": "señorita", "Sres": "señores", "Dr": "doctor", "Dra": "doctora",
        "Prof": "profesor", "Profa": "profesora", "D.": "don", "Dña": "doña", "Lic": "licenciado", "Ing": "ingeniero",
    },
    numbered={
        "n.º": "número", "N.º": "número", "nº": "número", "Nº": "número", "núm.": "número", "pág.": "página",
        "págs.": "páginas", "p.": "página", "art.": "artículo", "cap.": "capítulo", "fig.": "figura", "vol.": "volumen",
        "aprox.": "aproximadamente", "tel.": "teléfono", "Tel.": "teléfono",
    },
    abbreviations={
        "etc.": "etcétera", "p.ej.": "por ejemplo", "p. ej.": "por ejemplo", "P. ej.": "Por ejemplo", "Ud.": "usted",
        "Uds.": "ustedes", "Vd.": "usted", "Vds.": "ustedes", "EE.UU.": "Estados Unidos", "EE. UU.": "Estados Unidos",
        "a.C.": "antes de Cristo", "a. C.": "antes de Cristo", "d.C.": "después de Cristo",
        "d. C.": "después de Cristo", "Avda.": "avenida", "Av.": "avenida", "aprox.": "aproximadamente",
    },
    closing=frozenset({"etc.", "EE.UU.", "EE. UU.", "a.C.", "a. C.", "d.C.", "d. C."}),
    roman_cues=("siglo", "capítulo", "tomo", "volumen", "parte", "libro", "acto", "escena", "artículo"),
    fractions=fractions({
        "1/2": "un medio; y medio", "1/3": "un tercio; y un tercio", "2/3": "dos tercios; y dos tercios",
        "1/4": "un cuarto; y cuarto", "3/4": "tres cuartos; y tres cuartos", "1/8": "un octavo; y un octavo",
    }),
    percent={"%": "por ciento", "‰": "por mil"},
    symbols={
        "&": "y", "+": "más", "=": "igual a", "№": "número", "×": "por", "÷": "dividido por", "±": "más o menos",
        "≈": "aproximadamente", "≤": "menor o igual que", "≥": "mayor o igual que", "≠": "distinto de", "§": "sección",
    },
    web={
        ".": "punto", "/": "barra", "@": "arroba", "-": "guion", "_": "guion bajo", ":": "dos puntos",
        "~": "virgulilla", "+": "más",
    },
    range_word="a",
)
