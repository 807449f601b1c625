"""How German says what is written."""

from __future__ import annotations

from worker.text.spoken.language import Language, Numbers, fractions, moneys, nouns
from worker.text.spoken.number_words import LibraryNumbers

# The word before an ordinal decides its ending; without one it stands alone: "20. November" → "zwanzigster".
_ENDINGS = {
    **dict.fromkeys(("der", "die", "das", "diese", "dieses", "dieser", "jeder", "jedes", "jede"), ""),
    **dict.fromkeys(("am", "im", "vom", "zum", "zur", "beim", "dem", "den", "des", "bis", "seit", "ab", "jeden"), "n"),
}


def _agree(words: str, feminine: object) -> str:
    if words == "eins":
        return "eine" if feminine else "ein"
    return words


def _date(numbers: Numbers, day: int, month: str, before: str) -> str:
    return f"{numbers.ordinal(day)}{_ENDINGS.get(before.lower(), 'r')} {month}"


def _clock(numbers: Numbers, hour: int, minute: int, half: str) -> str:
    hours = f"{_agree(numbers.cardinal(hour), feminine=False)} Uhr"
    minutes = f" {numbers.cardinal(minute)}" if minute else ""
    halves = {"am": " morgens", "pm": " abends" if 6 <= hour < 12 else " nachmittags"}  # noqa: PLR2004 — evening from six
    return hours + minutes + halves.get(half, "")


def _inflect(words: str, form: str) -> str:
    return words + form


# Tables read better packed than one entry to a line.
# fmt: off
GERMAN = Language(
    numbers=LibraryNumbers(code="de"),
    decimal_words={",": "Komma", ".": "Punkt"},
    group_marks=". ",
    minus="minus",
    agree=_agree,
    magnitudes={
        "Million": "Million", "Millionen": "Millionen", "Milliarde": "Milliarde", "Milliarden": "Milliarden",
        "Mio.": "Millionen", "Mrd.": "Milliarden", "Mio": "Millionen", "Mrd": "Milliarden",
    },
    units=nouns({
        "km": "Kilometer", "m": "Meter", "cm": "Zentimeter", "mm": "Millimeter", "kg": "Kilogramm", "g": "Gramm",
        "mg": "Milligramm", "t": "Tonne|Tonnen|f", "L l": "Liter", "mL ml": "Milliliter", "m²": "Quadratmeter",
        "km²": "Quadratkilometer", "m³": "Kubikmeter", "km/h": "Kilometer pro Stunde", "m/s": "Meter pro Sekunde",
        "°C": "Grad Celsius", "°F": "Grad Fahrenheit", "°": "Grad", "s Sek.": "Sekunde|Sekunden|f",
        "ms": "Millisekunde|Millisekunden|f", "min Min.": "Minute|Minuten|f", "h Std.": "Stunde|Stunden|f",
        "Hz": "Hertz", "kHz": "Kilohertz", "MHz": "Megahertz", "GHz": "Gigahertz", "W": "Watt", "kW": "Kilowatt",
        "MW": "Megawatt", "kWh": "Kilowattstunde|Kilowattstunden|f", "V": "Volt", "kB KB": "Kilobyte",
        "MB": "Megabyte", "GB": "Gigabyte", "TB": "Terabyte",
    }),
    currencies=moneys({
        "€ EUR": "Euro; Cent", "$": "Dollar; Cent", "US$ USD": "US-Dollar; Cent", "£ GBP": "Pfund; Penny|Pence",
        "¥ JPY": "Yen", "CHF": "Franken; Rappen", "HTG": "Gourde|Gourdes|f; Centime|Centimes",
    }),
    cents_joiner=" und ",
    months=(
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
    date=_date,
    split_years=True,
    year_cues=("jahr", "jahre", "seit", "um", "ab", "bis", "von", "anno", "sommer", "winter", "herbst", "frühling"),
    clock=_clock,
    hour_marks=":.",
    hour_words=("Uhr",),
    inflect=_inflect,
    ordinal_cues=_ENDINGS,
    titles={"Dr": "Doktor", "Hr": "Herr", "Hrn": "Herrn", "Fr.": "Frau", "Prof": "Professor", "St": "Sankt"},
    numbered={
        "Nr.": "Nummer", "S.": "Seite", "Bd.": "Band", "Abs.": "Absatz", "Art.": "Artikel", "Kap.": "Kapitel",
        "Abb.": "Abbildung", "ca.": "circa", "Tel.": "Telefon",
    },
    abbreviations={
        "Mio.": "Millionen",
        "Mrd.": "Milliarden",
        "z.B.": "zum Beispiel", "z. B.": "zum Beispiel", "Z.B.": "Zum Beispiel", "Z. B.": "Zum Beispiel",
        "d.h.": "das heißt", "d. h.": "das heißt", "u.a.": "unter anderem", "u. a.": "unter anderem",
        "usw.": "und so weiter", "etc.": "et cetera", "bzw.": "beziehungsweise", "ca.": "circa", "evtl.": "eventuell",
        "ggf.": "gegebenenfalls", "inkl.": "inklusive", "exkl.": "exklusive", "o.Ä.": "oder Ähnliches",
        "o. Ä.": "oder Ähnliches", "u.U.": "unter Umständen", "i.d.R.": "in der Regel", "i. d. R.": "in der Regel",
        "vgl.": "vergleiche", "sog.": "sogenannt", "Str.": "Straße", "v. Chr.": "vor Christus",
        "n. Chr.": "nach Christus", "z. T.": "zum Teil", "z.T.": "zum Teil", "u.v.m.": "und vieles mehr",
    },
    closing=frozenset({"usw.", "etc.", "v. Chr.", "n. Chr.", "u.v.m.", "o.Ä.", "o. Ä."}),
    roman_cues=("kapitel", "band", "teil", "buch", "akt", "szene", "artikel"),
    fractions=fractions({
        "1/2": "ein halb;einhalb", "1/3": "ein Drittel; ein Drittel", "2/3": "zwei Drittel; zwei Drittel",
        "1/4": "ein Viertel;einviertel", "3/4": "drei Viertel;dreiviertel", "1/8": "ein Achtel;einachtel",
    }),
    percent={"%": "Prozent", "‰": "Promille"},
    symbols={
        "&": "und", "+": "plus", "=": "gleich", "№": "Nummer", "×": "mal", "÷": "geteilt durch", "±": "plus minus",
        "≈": "ungefähr", "≤": "kleiner oder gleich", "≥": "größer oder gleich", "≠": "ungleich", "§": "Paragraf",
    },
    web={
        ".": "Punkt", "/": "Schrägstrich", "@": "at", "-": "Bindestrich", "_": "Unterstrich", ":": "Doppelpunkt",
        "~": "Tilde", "+": "plus",
    },
    range_word="bis",
)
