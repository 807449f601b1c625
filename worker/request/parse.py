"""Parsing: a job's `input` becomes a request, or an error that says which field to change and to what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from worker.errors import InvalidRequest
from worker.request.models import REQUEST, TYPES, RecordingRequest, Request, SpeakerFields, SpokenRequest
from worker.request.names import ALIASES, OPENAI_MODELS, may_echo, nearest
from worker.request.options import EffectsRequest, EngineOptions, Strict

MOST_FAULTS = 5
"""Faults told at once."""


def parse(given: object) -> Request:
    """The request in a job's `input`; null fields count as absent, and a synthesis that brings a speaker is a cloning.

    Raises:
        InvalidRequest: the message says which field to change and to what.

    """
    if not isinstance(given, Mapping):
        raise InvalidRequest("the job's 'input' must be a JSON object", field="input")
    fields = _canonical({name: value for name, value in given.items() if value is not None})
    kind = fields.setdefault("type", "synthesis")
    if not isinstance(kind, str) or kind not in TYPES:
        raise InvalidRequest(_unknown_type(kind), field="type")
    if kind == "synthesis" and fields.keys() & SpeakerFields.model_fields.keys():
        kind = fields["type"] = "cloning"
    model = TYPES[kind]
    _refuse_unknown(fields, kind)
    if issubclass(model, SpokenRequest):
        fields = _with_options(fields)
    if issubclass(model, RecordingRequest) and fields.get("engine") in OPENAI_MODELS:
        fields["engine"] = "auto"
    try:
        return REQUEST.validate_python(fields)
    except ValidationError as error:
        raise _invalid(error) from None


def _canonical(given: Mapping[object, object]) -> dict[str, object]:
    """The fields under our names."""
    canonical = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
    fields: dict[str, object] = {}
    for name, value in given.items():
        if not isinstance(name, str):
            raise InvalidRequest("field names must be strings")
        ours = canonical.get(name, name)
        if ours in fields:
            aliases = ", ".join(repr(alias) for alias in ALIASES[ours])
            raise InvalidRequest(f"{ours!r} is given twice: {aliases} mean the same; send one of them", field=ours)
        fields[ours] = value
    return fields


def _with_options(fields: dict[str, object]) -> dict[str, object]:
    """Engine parameters at top level moved into `options`."""
    loose = {name: value for name, value in fields.items() if name in EngineOptions.model_fields}
    if not loose:
        return fields
    options = fields.get("options", {})
    if not isinstance(options, Mapping):
        return fields
    for name in loose:
        if name in options:
            raise InvalidRequest(f"{name!r} is given twice: at top level and in 'options'", field=name)
    rest = {name: value for name, value in fields.items() if name not in loose}
    return rest | {"options": {**options, **loose}}


def _refuse_unknown(fields: Iterable[str], kind: str) -> None:
    known = set(TYPES[kind].model_fields)
    if issubclass(TYPES[kind], SpokenRequest):
        known |= set(EngineOptions.model_fields)
    for name in fields:
        if name not in known:
            raise InvalidRequest(_unknown_field(name, kind, known), field=name if may_echo(name) else None)


def _unknown_field(name: str, kind: str, known: Iterable[str]) -> str:
    if others := [other for other, model in TYPES.items() if name in model.model_fields]:
        return f"unknown field {name!r} of the type {kind!r}: leave it out; it belongs to {', '.join(others)}"
    aliases = [alias for others in ALIASES.values() for alias in others]
    near = nearest(name, [*known, *aliases])
    hint = f"did you mean {near!r}?" if near else f"known fields: {', '.join(sorted(known))}"
    return f"unknown field {name!r}; {hint}" if may_echo(name) else f"unknown field; {hint}"


def _unknown_type(kind: object) -> str:
    near = nearest(kind, TYPES) if isinstance(kind, str) else None
    hint = f"did you mean {near!r}? " if near else ""
    return f"unknown 'type'; {hint}known: {', '.join(TYPES)}"


def _invalid(error: ValidationError) -> InvalidRequest:
    """One message for all that pydantic found, without the values."""
    found = error.errors(include_url=False, include_input=False, include_context=False)[:MOST_FAULTS]
    messages, fields = [], []
    for item in found:
        path = [str(part) for part in item["loc"][1:] if may_echo(str(part))]
        field = ".".join(path) or "input"
        fields.append(field)
        messages.append(f"'{field}': {_plain(item['type'], item['msg'], item['loc'])}")
    return InvalidRequest("; ".join(messages), field=fields[0])


def _plain(kind: str, message: str, location: tuple[int | str, ...]) -> str:
    if kind == "extra_forbidden":
        models: dict[str, type[Strict]] = {"options": EngineOptions, "effects": EffectsRequest}
        model = models.get(str(location[-2])) if len(location) > 1 else None
        near = nearest(str(location[-1]), model.model_fields) if model else None
        return f"unknown field; did you mean {near!r}?" if near else "unknown field"
    if kind == "missing":
        return "this field is required"
    if kind == "string_pattern_mismatch":
        return "write a BCP-47 tag such as 'en-US', 'fr' or 'ht'"
    message = message.removeprefix("Value error, ")
    return message[0].lower() + message[1:]
