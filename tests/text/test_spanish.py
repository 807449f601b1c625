"""Spanish, as it is read aloud."""

from __future__ import annotations

import pytest

from worker.text.normalise import normalise

SPOKEN = {
    "12": "doce",
    "21.000": "veintiún mil",
    "1.234.567": "un millón doscientos treinta y cuatro mil quinientos sesenta y siete",
    "3,14": "tres coma catorce",
    "-3,5 °C": "menos tres coma cinco grados Celsius",
    "15 %": "quince por ciento",
    "21 €": "veintiún euros",
    "12,50 €": "doce euros con cincuenta céntimos",
    "1.000.000 €": "un millón de euros",
    "$5 millones": "cinco millones de dólares",
    "200 £": "doscientas libras",
    "2026-11-20": "veinte de noviembre de dos mil veintiséis",
    "el 1/5/2026": "el primero de mayo de dos mil veintiséis",
    "a las 14:30": "a las catorce treinta",
    "a la 1:15": "a la una quince",
    "a las 9:00 h": "a las nueve horas",
    "3:05 pm": "tres cinco de la tarde",
    "1.º": "primero",
    "la 2ª vez": "la segunda vez",
    "el 3.er piso": "el tercer piso",
    "1 kg": "un kilogramo",
    "21 km": "veintiún kilómetros",
    "120 km/h": "ciento veinte kilómetros por hora",
    "2½ kg": "dos y medio kilogramos",
    "Sr. López y Sra. Díaz": "señor López y señora Díaz",
    "frutas, p. ej. uvas": "frutas, por ejemplo uvas",
    "EE. UU. y México": "Estados Unidos y México",
    "n.º 5": "número cinco",
    "el siglo XIX": "el siglo diecinueve",
    "www.ejemplo.es/ruta": "www punto ejemplo punto es barra ruta",
    "yo@ejemplo.es": "yo arroba ejemplo punto es",
    "91 123 45 67": "nueve uno, uno dos tres, cuatro cinco, seis siete",
    "A & B": "A y B",
    "2 + 2 = 4": "dos más dos igual a cuatro",
    "¿Qué? ¡Sí!": "¿Qué? ¡Sí!",
}


@pytest.mark.parametrize(("written", "spoken"), SPOKEN.items())
def test_spanish_is_spoken_as_it_is_read(written: str, spoken: str) -> None:
    assert normalise(written, "es") == spoken


def test_mexico_writes_points_for_decimals_and_pays_in_pesos() -> None:
    assert normalise("$1,234.50", "es-MX") == "mil doscientos treinta y cuatro pesos con cincuenta centavos"
