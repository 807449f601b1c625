"""Which language a tag names, in the variety of its region."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from worker.text.spoken.english import ENGLISH, day_of_month
from worker.text.spoken.french import FRENCH
from worker.text.spoken.german import GERMAN
from worker.text.spoken.haitian import HAITIAN
from worker.text.spoken.italian import ITALIAN
from worker.text.spoken.language import Language, moneys
from worker.text.spoken.number_words import LibraryNumbers
from worker.text.spoken.others import NUMBERS_ONLY
from worker.text.spoken.portuguese import PORTUGUESE
from worker.text.spoken.spanish import SPANISH

_PRIMARY: Mapping[str, Language] = {
    "en": ENGLISH,
    "fr": FRENCH,
    "es": SPANISH,
    "de": GERMAN,
    "ht": HAITIAN,
    "it": ITALIAN,
    "pt": PORTUGUESE,
    **NUMBERS_ONLY,
}


@dataclass(frozen=True, slots=True)
class _Variety:
    regions: frozenset[str]
    changed: Callable[[Language], Language]


def _british(language: Language) -> Language:
    return replace(language, day_first=True, date=day_of_month)


def _belgian(language: Language) -> Language:
    return replace(language, numbers=LibraryNumbers(code="fr_BE"))


def _swiss_french(language: Language) -> Language:
    return replace(language, numbers=LibraryNumbers(code="fr_CH"), group_marks="’' ")


def _point_decimals(language: Language) -> Language:
    return replace(language, group_marks=", ", decimal_words={".": "punto"})


def _mexican(language: Language) -> Language:
    return _with_pesos(_point_decimals(language))


def _with_pesos(language: Language) -> Language:
    pesos = moneys({"$": "peso|pesos; centavo|centavos"})
    return replace(language, currencies={**language.currencies, **pesos})


def _swiss_german(language: Language) -> Language:
    return replace(language, group_marks="’' ", decimal_words={".": "Komma", ",": "Komma"})


def _brazilian(language: Language) -> Language:
    return replace(language, numbers=LibraryNumbers(code="pt_BR"))


_VARIETIES: Mapping[str, tuple[_Variety, ...]] = {
    "en": (_Variety(frozenset({"gb", "uk", "ie", "au", "nz", "in", "za", "ke", "ng", "gh"}), _british),),
    "fr": (_Variety(frozenset({"be"}), _belgian), _Variety(frozenset({"ch"}), _swiss_french)),
    "es": (
        _Variety(frozenset({"mx"}), _mexican),
        _Variety(frozenset({"us", "pr", "gt", "hn", "ni", "sv", "pa", "do", "pe"}), _point_decimals),
        _Variety(frozenset({"ar", "cl", "co", "uy", "cu"}), _with_pesos),
    ),
    "de": (_Variety(frozenset({"ch", "li"}), _swiss_german),),
    "pt": (_Variety(frozenset({"br"}), _brazilian),),
}


def variety_of(tag: str) -> str | None:
    """The one name of all tags spoken alike: `fr` for `fr-CA`, `fr-be` for `fr_BE`; None for an unknown one."""
    primary, *rest = tag.replace("_", "-").lower().split("-", 8)
    if primary not in _PRIMARY:
        return None
    known = {region for variety in _VARIETIES.get(primary, ()) for region in variety.regions}
    region = next((part for part in rest if part in known), None)
    return f"{primary}-{region}" if region else primary


@cache
def language_of(variety: str) -> Language:
    """The language behind a name that `variety_of` gives."""
    primary, _, region = variety.partition("-")
    language = _PRIMARY[primary]
    for regional in _VARIETIES.get(primary, ()):
        if region in regional.regions:
            language = regional.changed(language)
    return language
