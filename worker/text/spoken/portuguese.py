"""How Portuguese says what is written."""

from __future__ import annotations

import re

from worker.text.spoken.language import Language, Numbers, fractions, moneys, nouns
from worker.text.spoken.number_words import LibraryNumbers

_FEMININE = ((re.compile(r"\bum$"), "uma"), (re.compile(r"\bdois$"), "duas"), (re.compile(r"entos\b"), "entas"))


def _agree(words: str, feminine: object) -> str:
    for pattern, form in _FEMININE if feminine else ():
        words = pattern.sub(form, words)
    return words


def _date(numbers: Numbers, day: int, month: str, _: str) -> str:
    return f"{'primeiro' if day == 1 else numbers.cardinal(day)} de {month}"


def _clock(numbers: Numbers, hour: int, minute: int, half: str) -> str:
    hours = f"{_agree(numbers.cardinal(hour), feminine=True)} {'hora' if hour == 1 else 'horas'}"
    minutes = f" e {numbers.cardinal(minute)}" if minute else ""
    halves = {"am": " da manhã", "pm": " da noite" if 7 <= hour < 12 else " da tarde"}  # noqa: PLR2004 — night from seven
    return hours + minutes + halves.get(half, "")


def _inflect(words: str, form: str) -> str:
    if form == "feminine":
        return " ".join(f"{word[:-1]}a" if word.endswith("o") else word for word in words.split())
    return words


# Tables read better packed than one entry to a line.
# fmt: off
PORTUGUESE = Language(
    numbers=LibraryNumbers(code="pt"),
    decimal_words={",": "vírgula", ".": "ponto"},
    group_marks=". ",
    digitwise_fraction=False,
    minus="menos",
    agree=_agree,
    singular_below_two=True,
    of_million=lambda noun: f"de {noun}",
    magnitudes={
        "milhão": "milhão", "milhões": "milhões", "bilhão": "bilhão", "bilhões": "bilhões", "mi": "milhões",
        "bi": "bilhões",
    },
    units=nouns({
        "km": "quilômetro|quilômetros", "m": "metro|metros", "cm": "centímetro|centímetros",
        "mm": "milímetro|milímetros", "kg": "quilograma|quilogramas", "g": "grama|gramas", "mg": "miligrama|miligramas",
        "t": "tonelada|toneladas|f", "L l": "litro|litros", "mL ml": "mililitro|mililitros",
        "m²": "metro quadrado|metros quadrados", "km²": "quilômetro quadrado|quilômetros quadrados",
        "m³": "metro cúbico|metros cúbicos", "km/h": "quilômetro por hora|quilômetros por hora",
        "m/s": "metro por segundo|metros por segundo", "°C": "grau Celsius|graus Celsius", "°": "grau|graus",
        "s": "segundo|segundos", "min": "minuto|minutos", "Hz": "hertz", "kHz": "quilohertz", "MHz": "mega-hertz",
        "GHz": "giga-hertz", "W": "watt|watts", "kW": "quilowatt|quilowatts", "kWh": "quilowatt-hora|quilowatts-hora",
        "V": "volt|volts", "kB KB": "quilobyte|quilobytes", "MB": "megabyte|megabytes", "GB": "gigabyte|gigabytes",
        "TB": "terabyte|terabytes",
    }),
    currencies=moneys({
        "R$ BRL": "real|reais; centavo|centavos", "€ EUR": "euro|euros; cêntimo|cêntimos",
        "$": "dólar|dólares; centavo|centavos", "US$ USD": "dólar americano|dólares americanos; centavo|centavos",
        "£ GBP": "libra|libras|f; penny|pence", "¥ JPY": "iene|ienes",
        "CHF": "franco suíço|francos suíços; cêntimo|cêntimos",
    }),
    cents_joiner=" e ",
    months=(
        *("janeiro", "fevereiro", "março", "abril", "maio", "junho"),
        *("julho", "agosto", "setembro", "outubro", "novembro", "dezembro"),
    ),
    date=_date,
    year_joiner=" de ",
    clock=_clock,
    hour_marks=":h",
    hour_words=("horas", "h"),
    ordinal_endings={"º": "", "°": "", ".º": "", "ª": "feminine", ".ª": "feminine"},
    inflect=_inflect,
    titles={
        "Sr": "senhor", "Sra": "senhora", "Srta": "senhorita", "Dr": "doutor", "Dra": "doutora", "Prof": "professor",
        "Profa": "professora", "Eng": "engenheiro",
    },
    numbered={
        "n.º": "número", "nº": "número", "Nº": "número", "p.": "página", "pág.": "página", "art.": "artigo",
        "cap.": "capítulo", "tel.": "telefone", "Tel.": "telefone",
    },
    abbreviations={
        "etc.": "etcétera", "p.ex.": "por exemplo", "p. ex.": "por exemplo", "a.C.": "antes de Cristo",
        "d.C.": "depois de Cristo", "Av.": "avenida",
    },
    closing=frozenset({"etc.", "a.C.", "d.C."}),
    roman_cues=("século", "capítulo", "tomo", "volume", "parte", "livro", "ato", "cena", "artigo"),
    fractions=fractions({
        "1/2": "um meio; e meio", "1/3": "um terço; e um terço", "2/3": "dois terços; e dois terços",
        "1/4": "um quarto; e um quarto", "3/4": "três quartos; e três quartos",
    }),
    percent={"%": "por cento", "‰": "por mil"},
    symbols={
        "&": "e", "+": "mais", "=": "igual a", "№": "número", "×": "vezes", "÷": "dividido por",
        "±": "mais ou menos"
    },
    web={
        ".": "ponto", "/": "barra", "@": "arroba", "-": "hífen", "_": "sublinhado", ":": "dois pontos", "~": "til",
        "+": "mais",
    },
    range_word="a",
)
