"""The JSON Schema of a request, under our own names."""

from __future__ import annotations

from worker.request.models import REQUEST


def schema() -> dict[str, object]:
    """JSON Schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Request",
        **REQUEST.json_schema(),
    }
