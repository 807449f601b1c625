"""How French says what is written."""

from __future__ import annotations

from worker.text.spoken.language import Language, Numbers, fractions, moneys, nouns
from worker.text.spoken.number_words import LibraryNumbers


def _agree(words: str, feminine: object) -> str:
    return f"{words}e" if feminine and (words == "un" or words.endswith((" un", "-un"))) else words


def _of_million(noun: str) -> str:
    return f"d'{noun}" if noun[0].lower() in "aeiouhé" else f"de {noun}"


def _date(numbers: Numbers, day: int, month: str, _: str) -> str:
    return f"{'premier' if day == 1 else numbers.cardinal(day)} {month}"


def _clock(numbers: Numbers, hour: int, minute: int, half: str) -> str:
    hours = f"{_agree(numbers.cardinal(hour), feminine=True)} {'heures' if hour > 1 else 'heure'}"
    minutes = f" {_agree(numbers.cardinal(minute), feminine=True)}" if minute else ""
    if half:
        return f"{hours}{minutes} {'du matin' if half == 'am' else _after_noon(hour)}"
    return hours + minutes


def _after_noon(hour: int) -> str:
    return "du soir" if 6 <= hour < 12 else "de l'après-midi"  # noqa: PLR2004 — from six in the evening


def _inflect(words: str, form: str) -> str:
    if form == "feminine":
        return "première" if words == "premier" else words
    return words


ORDINAL_ENDINGS = {
    "er": "",
    "re": "feminine",
    "ère": "feminine",
    "e": "",
    "ème": "",
    "eme": "",
    "ième": "",
    "nd": "",
    "nde": "",
    "ᵉʳ": "",
    "ʳᵉ": "feminine",
    "ᵉ": "",
}

# Tables read better packed than one entry to a line.
# fmt: off
FRENCH = Language(
    numbers=LibraryNumbers(code="fr"),
    decimal_words={
        ",": "virgule", ".": "point",
    },
    group_marks=" .",
    digitwise_fraction=False,
    minus="moins",
    agree=_agree,
    singular_below_two=True,
    of_million=_of_million,
    magnitudes={
        "million": "million", "millions": "millions", "milliard": "milliard", "milliards": "milliards",
        "M": "millions", "Md": "milliards", "Mds": "milliards",
    },
    units=nouns({
        "km": "kilomètre|kilomètres", "m": "mètre|mètres", "cm": "centimètre|centimètres",
        "mm": "millimètre|millimètres", "kg": "kilogramme|kilogrammes", "g": "gramme|grammes",
        "mg": "milligramme|milligrammes", "t": "tonne|tonnes|f", "L l": "litre|litres",
        "cl": "centilitre|centilitres", "ml mL": "millilitre|millilitres",
        "m²": "mètre carré|mètres carrés", "km²": "kilomètre carré|kilomètres carrés",
        "m³": "mètre cube|mètres cubes", "km/h": "kilomètre heure|kilomètres heure",
        "m/s": "mètre par seconde|mètres par seconde", "°C": "degré Celsius|degrés Celsius",
        "°F": "degré Fahrenheit|degrés Fahrenheit", "°": "degré|degrés", "s": "seconde|secondes|f",
        "ms": "milliseconde|millisecondes|f", "min": "minute|minutes|f", "Hz": "hertz", "kHz": "kilohertz",
        "MHz": "mégahertz", "GHz": "gigahertz", "W": "watt|watts", "kW": "kilowatt|kilowatts",
        "MW": "mégawatt|mégawatts", "kWh": "kilowattheure|kilowattheures", "V": "volt|volts",
        "ko Ko": "kilooctet|kilooctets", "Mo MB": "mégaoctet|mégaoctets", "Go GB": "gigaoctet|gigaoctets",
        "To TB": "téraoctet|téraoctets",
    }),
    currencies=moneys({
        "€ EUR": "euro|euros; centime|centimes", "$": "dollar|dollars; cent|cents",
        "US$ USD": "dollar américain|dollars américains; cent|cents",
        "CAD": "dollar canadien|dollars canadiens; cent|cents", "£ GBP": "livre|livres|f; penny|pence",
        "¥ JPY": "yen|yens", "CHF": "franc suisse|francs suisses; centime|centimes",
        "HTG": "gourde|gourdes|f; centime|centimes",
    }),
    cents_joiner=" et ",
    months=(
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    date=_date,
    clock=_clock,
    hour_marks=":h",
    hour_words=("heures", "h"),
    ordinal_endings=ORDINAL_ENDINGS,
    inflect=_inflect,
    titles={
        "M.": "monsieur", "MM.": "messieurs", "Mme": "madame", "Mmes": "mesdames", "Mlle": "mademoiselle",
        "Dr": "docteur", "Pr": "professeur", "Prof": "professeur", "Me": "maître", "Mgr": "monseigneur",
        "St": "saint", "Ste": "sainte",
    },
    numbered={
        "n°": "numéro", "N°": "numéro", "nº": "numéro", "no.": "numéro", "p.": "page", "pp.": "pages",
        "art.": "article", "chap.": "chapitre", "fig.": "figure", "vol.": "volume", "env.": "environ",
        "tél.": "téléphone", "Tél.": "téléphone",
    },
    abbreviations={
        "etc.": "et cetera", "p. ex.": "par exemple", "p.ex.": "par exemple", "c.-à-d.": "c'est-à-dire",
        "cf.": "confer", "av. J.-C.": "avant Jésus-Christ", "apr. J.-C.": "après Jésus-Christ",
        "env.": "environ", "av.": "avenue", "bd.": "boulevard", "N.B.": "nota bene", "R.-V.": "rendez-vous",
        "s.v.p.": "s'il vous plaît", "S.V.P.": "s'il vous plaît",
    },
    closing=frozenset({"etc.", "av. J.-C.", "apr. J.-C.", "s.v.p.", "S.V.P."}),
    roman_ranked=("siècle", "siècles"),
    roman_cues=(
        *("chapitre", "tome", "volume", "partie", "livre", "acte", "scène", "article", "louis", "henri", "napoléon"),
    ),
    fractions=fractions({
        "1/2": "un demi; et demi", "1/3": "un tiers; un tiers", "2/3": "deux tiers; deux tiers",
        "1/4": "un quart; un quart", "3/4": "trois quarts; trois quarts",
        "1/8": "un huitième; un huitième",
    }),
    percent={
        "%": "pour cent", "‰": "pour mille",
    },
    symbols={
        "&": "et", "+": "plus", "=": "égale", "№": "numéro", "×": "fois", "÷": "divisé par",
        "±": "plus ou moins", "≈": "environ", "≤": "inférieur ou égal à", "≥": "supérieur ou égal à",
        "≠": "différent de", "§": "paragraphe",
    },
    web={
        ".": "point", "/": "barre oblique", "@": "arobase", "-": "tiret", "_": "tiret bas",
        ":": "deux-points", "~": "tilde", "+": "plus",
    },
    range_word="à",
)
