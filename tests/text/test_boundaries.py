"""Where sentences and paragraphs end."""

from __future__ import annotations

import pytest

from worker.text.boundaries import paragraph_starts, sentence_ends


def parts(text: str, cuts: list[int]) -> list[str]:
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("fr", ["M. Dupont et Mme. Roy sont là à 14 h 30. ", "Ils attendent Dr. Li, p. ex. demain. ", "Non ?"]),
        ("fr", ["Il y a la page. ", "Voir art. 5 et p. 3. ", "Fin."]),
        ("ht", ["M. Jan ak Dr. Pòl rive. ", "Yo chita nan No. 7. ", "Wi."]),
        ("en", ["Gen. J. Smith lives at No. 5. ", "He said yes. ", "Visit www.example.com. ", "Bye."]),
        ("de", ["Es kam z. B. Hr. Meier am 3. Mai. ", "Er ging. ", "Ende."]),
        ("es", ["La Sra. Díaz vive con p. ej. dos gatos. ", "Sí."]),
        ("ja", ["はい。", "そうです！", "次"]),
        ("hi", ["यह है। ", "वह है।"]),
        ("\ud800", ["One. ", "Two."]),
    ],
)
def test_a_sentence_ends_where_its_reader_would_breathe(language: str, sentences: list[str]) -> None:
    text = "".join(sentences)
    assert parts(text, list(sentence_ends(text, language))) == sentences


def test_a_window_boundary_is_not_a_sentence_boundary() -> None:
    sentences = [f"Sentence number {number} is é here. " for number in range(400)]
    text = "".join(sentences)
    assert parts(text, list(sentence_ends(text, "en"))) == sentences


@pytest.mark.parametrize(
    "paragraphs",
    [
        ["one\ntwo\n\n", "three"],
        ["one\r\n\r\n", "two"],
        ["# head\n", "text\n", "- item\n  goes on\n", "- item\n", "text"],
        ["text\n", "1. first\n", "2) second"],
        ["| a |\n", "| b |\n", "text"],
        ["one\u2029\u2029", "two"],
    ],
)
def test_a_paragraph_starts_after_a_blank_line_and_around_blocks(paragraphs: list[str]) -> None:
    text = "".join(paragraphs)
    assert parts(text, paragraph_starts(text)) == paragraphs
