"""Sentences by language: what is spoken to hear a voice, and what reference voices are made of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from worker.engines.base import primary_subtag

GREETINGS: Mapping[str, str] = MappingProxyType(
    {
        "en": "Hello, this is how I sound. Shall we read a story together?",
        "fr": "Bonjour, voici comment je parle. Voulez-vous que nous lisions une histoire ?",
        "es": "Hola, así es como suena mi voz. ¿Leemos juntos una historia?",
        "de": "Guten Tag, so klinge ich. Wollen wir zusammen eine Geschichte lesen?",
        "it": "Buongiorno, ecco la mia voce. Vogliamo leggere insieme una storia?",
        "pt": "Olá, é assim que eu falo. Vamos ler uma história juntos?",
        "ht": "Bonjou, men ki jan mwen pale. Èske nou vle li yon istwa ansanm?",
        "ja": "こんにちは、これがわたしのこえです。",
    }
)
PARAGRAPHS: Mapping[str, str] = MappingProxyType(
    {
        "en": (
            "On a bright Thursday, five young painters measured the old bridge by the beach. Their judge, a joyful "
            "woman with a huge hat, chose thick blue paper. Why should it not be a pleasure to watch the sea, while "
            "good cooks put fresh fish and warm bread on each table?"
        ),
        "fr": (
            "Un jeudi de juin, cinq jeunes peintres mesuraient le vieux pont près de la plage. Leur juge, une femme "
            "joyeuse au chapeau brun, choisit une feuille bleue. Pourquoi ne pas regarder la pluie, pendant que le "
            "cuisinier prépare du poisson, des oignons et un peu de pain chaud ?"
        ),
        "es": (
            "Un jueves de junio, cinco jóvenes pintores midieron el viejo puente junto a la playa. Su jefa, una mujer "
            "alegre con sombrero rojo, eligió papel azul. ¿Por qué no mirar la lluvia, mientras el niño prepara "
            "pescado y pan caliente?"
        ),
        "de": (
            "An einem hellen Donnerstag vermaßen fünf junge Maler die alte Brücke am Strand. Ihre Richterin, eine "
            "fröhliche Frau mit großem Hut, wählte dickes, blaues Papier. Warum sollte man nicht aufs Meer schauen, "
            "während Köche frischen Fisch auf jeden Tisch stellen?"
        ),
        "ht": (
            "Yon jedi, senk jèn pent te mezire vye pon an bò lanmè a. Jij la, yon fanm ki gen yon gwo "
            "chapo wouj, te chwazi yon papye ble. Poukisa nou pa ta gade lapli a, pandan kizinye yo ap mete pen cho "
            "sou chak tab?"
        ),
    }
)
"""Each has nearly all sounds of its language, and takes ten to fifteen seconds."""


def greeting(language: str) -> str:
    """What a voice of that language says of itself; English where there is nothing else."""
    return GREETINGS.get(primary_subtag(language), GREETINGS["en"])
