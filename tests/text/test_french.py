"""French, as it is read aloud."""

from __future__ import annotations

import pytest

from worker.text.normalise import normalise

SPOKEN = {
    "12": "douze",
    "80": "quatre-vingts",
    "1 234 567": "un million deux cent trente-quatre mille cinq cent soixante-sept",
    "1.234": "mille deux cent trente-quatre",
    "3,14": "trois virgule quatorze",
    "3,05": "trois virgule zéro cinq",
    "3.5": "trois point cinq",
    "il fait -5": "il fait moins cinq",
    "12,5 %": "douze virgule cinq pour cent",
    "12,50 €": "douze euros et cinquante centimes",
    "0,50 €": "cinquante centimes",
    "1 000 000 €": "un million d'euros",
    "3 millions €": "trois millions d'euros",
    "21 £": "vingt et une livres",
    "2026-11-20": "vingt novembre deux mille vingt-six",
    "le 01/05/2026": "le premier mai deux mille vingt-six",
    "à 14h30": "à quatorze heures trente",
    "à 21 h": "à vingt et une heures",
    "à 14 h. 30": "à quatorze heures trente",
    "1h": "une heure",
    "3:05 pm": "trois heures cinq de l'après-midi",
    "1er": "premier",
    "1re": "première",
    "la 2e fois": "la deuxième fois",
    "le XIXe siècle": "le dix-neuvième siècle",
    "Louis XIV": "Louis quatorze",
    "1,5 l": "un virgule cinq litre",
    "80 km/h": "quatre-vingts kilomètres heure",
    "1 t": "une tonne",
    "10 Go": "dix gigaoctets",
    "2½ l": "deux et demi litres",
    "M. et Mme Dupont": "monsieur et madame Dupont",
    "Dr Roy, p. ex. lui": "docteur Roy, par exemple lui",
    "n° 5": "numéro cinq",
    "www.exemple.fr/page": "www point exemple point fr barre oblique page",
    "moi@exemple.fr": "moi arobase exemple point fr",
    "06 12 34 56 78": "zéro six, un deux, trois quatre, cinq six, sept huit",
    "A & B": "A et B",
    "2 + 2 = 4": "deux plus deux égale quatre",
    "Bonjour !": "Bonjour !",
}


@pytest.mark.parametrize(("written", "spoken"), SPOKEN.items())
def test_french_is_spoken_as_it_is_read(written: str, spoken: str) -> None:
    assert normalise(written, "fr-CA") == spoken


def test_belgium_and_switzerland_count_their_own_way() -> None:
    assert [normalise("75 et 92", tag) for tag in ("fr-BE", "fr_CH")] == ["septante-cinq et nonante-deux"] * 2
