"""Haitian Creole, as it is read aloud."""

from __future__ import annotations

import pytest

from worker.text.normalise import normalise
from worker.text.spoken.haitian_numbers import cardinal, hour, ordinal

SPOKEN = {
    "21 moun": "venteyen moun",
    "1 250": "mil de san senkant",
    "1,500": "mil senk san",
    "2,5": "de vigil senk",
    "12.50": "douz pwen senkant",
    "-3": "mwens twa",
    "25%": "vennsenk pousan",
    "100 G": "san goud",
    "HTG 500": "senk san goud",
    "12,50 G": "douz goud ak senkant santim",
    "1 G": "yon goud",
    "$5": "senk dola",
    "jou 20/11/2026": "jou ven novanm de mil vennsis",
    "2026-01-01": "premye janvye de mil vennsis",
    "a 14h30": "a katòzè trant",
    "a 3:00": "a twazè",
    "8:15 am": "uitè kenz dimaten",
    "3:05 pm": "twazè senk nan apremidi",
    "7:30 pm": "setè trant diswa",
    "1ye": "premye",
    "2èm fwa": "dezyèm fwa",
    "3e": "twazyèm",
    "5 km": "senk kilomèt",
    "37,5 °C": "trannsèt vigil senk degre Sèlsiyis",
    "60 km/h": "swasant kilomèt alè",
    "2½": "de edmi",
    "M. Jan ak Mme Mari": "mesye Jan ak madan Mari",
    "Dr. Pòl": "doktè Pòl",
    "mango, zaboka, elt.": "mango, zaboka, elatriye.",
    "No. 7": "nimewo sèt",
    "www.ayiti.ht": "www pwen ayiti pwen ht",
    "jan@ayiti.ht": "jan awobaz ayiti pwen ht",
    "3712-3456": "twa sèt en de, twa kat senk sis",
    "A & B": "A ak B",
    "2 + 2 = 4": "de plis de egal kat",
    "an 1804": "an mil uit san kat",
    "Bonjou, kijan ou ye?": "Bonjou, kijan ou ye?",
}
CARDINALS = {
    0: "zewo", 1: "en", 9: "nèf", 10: "dis", 11: "onz", 16: "sèz", 17: "disèt", 18: "dizwit", 19: "diznèf", 20: "ven",
    21: "venteyen", 22: "vennde", 23: "venntwa", 28: "ventuit", 29: "ventnèf", 30: "trant", 31: "tranteyen",
    35: "trannsenk", 40: "karant", 45: "karannsenk", 50: "senkant", 60: "swasant", 61: "swasanteyen", 66: "swasannsis",
    70: "swasanndis", 71: "swasannonz", 79: "swasanndiznèf", 80: "katreven", 81: "katrevenen", 90: "katrevendis",
    99: "katrevendiznèf", 100: "san", 101: "san en", 200: "de san", 1000: "mil", 1001: "mil en", 2026: "de mil vennsis",
    21_000: "venteyen mil", 100_000: "san mil", 10**6: "yon milyon", 2 * 10**6 + 3: "de milyon twa", 10**9: "yon milya",
    10**12: "mil milya", -7: "mwens sèt",
}  # fmt: skip
ORDINALS = {
    1: "premye", 2: "dezyèm", 3: "twazyèm", 4: "katriyèm", 5: "senkyèm", 6: "sizyèm", 7: "setyèm", 8: "uityèm",
    9: "nevyèm", 10: "dizyèm", 17: "disetyèm", 20: "ventyèm", 21: "venteyentyèm", 22: "venndezyèm", 100: "santyèm",
    1000: "milyèm",
}  # fmt: skip


@pytest.mark.parametrize(("written", "spoken"), SPOKEN.items())
def test_haitian_creole_is_spoken_as_it_is_read(written: str, spoken: str) -> None:
    assert normalise(written, "ht") == spoken


@pytest.mark.parametrize(("number", "words"), CARDINALS.items())
def test_a_number_is_spelled(number: int, words: str) -> None:
    assert cardinal(number) == words


@pytest.mark.parametrize(("number", "words"), ORDINALS.items())
def test_a_rank_is_spelled(number: int, words: str) -> None:
    assert ordinal(number) == words


def test_no_two_numbers_sound_alike() -> None:
    assert len({cardinal(number) for number in range(10_000)}) == 10_000


def test_no_two_hours_sound_alike() -> None:
    assert [hour(number) for number in (1, 2, 6, 9, 12, 13, 21)] == [
        *("inè", "dezè", "sizè", "nevè", "midi", "trèzè", "venteyinè")
    ]
    assert len({hour(number) for number in range(24)}) == 24
