"""Languages with fewer rules, or none."""

from __future__ import annotations

import pytest

from worker.text.normalise import normalise


@pytest.mark.parametrize(
    ("tag", "written", "spoken"),
    [
        ("it", "Il 20/11/2026 alle 14:30", "Il venti novembre duemilaventisei alle quattordici e trenta"),
        ("it", "12,50 € e 1 km", "dodici euro e cinquanta centesimi e un chilometro"),
        ("pt-BR", "R$ 12,50", "doze reais e cinquenta centavos"),
        ("pt", "às 14h30, 2 t", "às catorze horas e trinta, duas toneladas"),
        ("ja", "3本と1,234円", "三本と千二百三十四円"),
        ("ko", "3개", "삼개"),
        ("ru", "1 234 рубля", "одна тысяча двести тридцать четыре рубля"),
        ("nl-BE", "2,5 meter", "twee komma vijf meter"),
        ("ar", "٢٥", "خمسة و عشرون"),
        ("zh", "1999年3本", "1999年3本"),
        ("hi", "5 किलो", "5 किलो"),
        ("am", "1234", "1234"),
        ("", "5 & 6", "5 & 6"),
        ("no-such-tag", "5 km", "fem km"),
        ("\x00-é", "5", "5"),
    ],
)
def test_a_language_gets_the_rules_it_has(tag: str, written: str, spoken: str) -> None:
    assert normalise(written, tag) == spoken
