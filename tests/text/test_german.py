"""German, as it is read aloud."""

from __future__ import annotations

import pytest

from worker.text.normalise import normalise

SPOKEN = {
    "12": "zwölf",
    "1.234.567": "eine Million zweihundertvierunddreißigtausendfünfhundertsiebenundsechzig",
    "3,14": "drei Komma eins vier",
    "-10 °C": "minus zehn Grad Celsius",
    "3,5 %": "drei Komma fünf Prozent",
    "1 €": "ein Euro",
    "1,50 €": "ein Euro und fünfzig Cent",
    "5 Mio. €": "fünf Millionen Euro",
    "am 20.11.2026": "am zwanzigsten November zweitausendsechsundzwanzig",
    "der 20.11.2026": "der zwanzigste November zweitausendsechsundzwanzig",
    "20.11.2026": "zwanzigster November zweitausendsechsundzwanzig",
    "2026-11-20": "zwanzigster November zweitausendsechsundzwanzig",
    "am 3. Mai": "am dritten Mai",
    "der 1. Platz": "der erste Platz",
    "Er ist 3. Das stimmt.": "Er ist drei. Das stimmt.",
    "um 14:30 Uhr": "um vierzehn Uhr dreißig",
    "um 14.30 Uhr": "um vierzehn Uhr dreißig",
    "um 1 Uhr": "um ein Uhr",
    "1 t": "eine Tonne",
    "100 km/h": "einhundert Kilometer pro Stunde",
    "2½ kg": "zweieinhalb Kilogramm",
    "16 GB": "sechzehn Gigabyte",
    "Dr. Müller und Hr. Meier": "Doktor Müller und Herr Meier",
    "z. B. so": "zum Beispiel so",
    "Obst usw.": "Obst und so weiter.",
    "Nr. 5": "Nummer fünf",
    "Kapitel IV": "Kapitel vier",
    "www.beispiel.de": "www Punkt beispiel Punkt de",
    "info@beispiel.de": "info at beispiel Punkt de",
    "030 1234567": "null drei null, eins zwei drei vier fünf sechs sieben",
    "A & B": "A und B",
    "2 + 2 = 4": "zwei plus zwei gleich vier",
    "1999": "neunzehnhundertneunundneunzig",
    "im Jahr 1848": "im Jahr achtzehnhundertachtundvierzig",
    "1848 Menschen": "eintausendachthundertachtundvierzig Menschen",
}


@pytest.mark.parametrize(("written", "spoken"), SPOKEN.items())
def test_german_is_spoken_as_it_is_read(written: str, spoken: str) -> None:
    assert normalise(written, "de") == spoken


def test_switzerland_groups_thousands_with_an_apostrophe() -> None:
    assert normalise("1’234.50 CHF", "de-CH") == "eintausendzweihundertvierunddreißig Franken und fünfzig Rappen"
