"""Web and e-mail addresses, said mark by mark."""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker.text.spoken.language import Language
from worker.text.spoken.rule import Rule

_DOMAINS = "com|org|net|edu|gov|info|io|ai|app|dev|fr|de|es|it|pt|br|ht|ca|uk|us|eu|ch|be|mx|tv|co"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})"
_EMAIL = re.compile(
    r"(?<![\w.+@-])(?P<user>[\w.+-]{1,64})@(?P<host>(?:[\w-]{1,63}\.){1,4}[A-Za-z]{2,24})(?![\w@-])", re.ASCII
)
_URL = re.compile(
    rf"(?<![\w.@/-])(?:(?:https?|ftp)://(?P<url>[^\s<>\"]++)"
    rf"|(?P<bare>(?:www\.[^\s<>\"]++|(?:{_LABEL}\.){{1,4}}(?:{_DOMAINS})(?![\w@-])(?:/[^\s<>\"]*+)?)))",
    re.IGNORECASE,
)
_CLOSING_MARKS = ".,;:!?)]}'’”»*_…。，！？"


def rules(language: Language) -> Iterator[Rule]:
    """E-mail first: its host would pass for a bare web address."""
    if not language.web:
        return
    marks = re.compile("[" + "".join(map(re.escape, language.web)) + "]")

    def spell(address: str) -> str:
        spelled = marks.sub(lambda mark: f" {language.web[mark.group()]} ", address)
        return " ".join(spelled.split())

    def say_url(match: re.Match[str]) -> str | None:
        address = match["url"] or match["bare"]
        kept = address.rstrip(_CLOSING_MARKS)
        # Queries and fragments are for machines; said aloud they drown the address.
        spoken = re.split("[?#]", kept, maxsplit=1)[0].rstrip("/")
        return spell(spoken) + address[len(kept) :] if spoken else None

    yield Rule(_EMAIL, lambda match: spell(f"{match['user']}@{match['host']}"))
    yield Rule(_URL, say_url)
