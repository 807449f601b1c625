"""Parsing: a job's `input` becomes a request, or an error that says which field to change and to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from pydantic import ValidationError

from worker.errors import InvalidRequest
from worker.request.models import (
    REQUEST,
    TYPES,
    DialogueRequest,
    DirectedRequest,
    RecordingRequest,
    Request,
    Segment,
    SpeakerFields,
)
from worker.request.names import ALIASES, OPENAI_MODELS, may_echo, nearest
from worker.request.options import EffectsRequest, EngineOptions, Strict

MOST_FAULTS = 5
"""Faults told at once."""
SEGMENT = "segment"
"""What a part of a dialogue is called where job types have their names."""


def parse(given: object) -> Request:
    """The request in a job's `input`; null fields count as absent, and a synthesis that brings a speaker is a cloning.

    Raises:
        InvalidRequest: the message says which field to change and to what.

    """
    if not isinstance(given, Mapping):
        raise InvalidRequest("the job's 'input' must be a JSON object", field="input")
    fields = _canonical(given)
    kind = fields.setdefault("type", "synthesis")
    if not isinstance(kind, str) or kind not in TYPES:
        raise InvalidRequest(_unknown_type(kind), field="type")
    if kind == "synthesis" and fields.keys() & SpeakerFields.model_fields.keys():
        kind = fields["type"] = "cloning"
    fields = _prepared(fields, TYPES[kind], kind)
    if TYPES[kind] is DialogueRequest and isinstance(segments := fields.get("segments"), list):
        fields["segments"] = [_segment(index, each) for index, each in enumerate(segments)]
    try:
        return REQUEST.validate_python(fields)
    except ValidationError as error:
        raise _invalid(error) from None


def _prepared(fields: dict[str, object], model: type[Strict], kind: str) -> dict[str, object]:
    """The fields of a model with those of other workers translated; raises if one of them is unknown."""
    _refuse_unknown(fields, model, kind)
    if issubclass(model, (DirectedRequest, Segment)):
        fields = _with_options(fields)
    if issubclass(model, (RecordingRequest, Segment)) and fields.get("engine") in OPENAI_MODELS:
        fields["engine"] = "auto"
    return fields


def _segment(index: int, given: object) -> object:
    """A segment with its fields under our names; what is no object stays for the models to refuse."""
    if not isinstance(given, Mapping):
        return given
    with _inside(f"segments.{index}"):
        return _prepared(_canonical(given), Segment, SEGMENT)


@contextmanager
def _inside(path: str) -> Iterator[None]:
    """Puts the path of an object before the fields that errors from inside it name."""
    try:
        yield
    except InvalidRequest as error:
        raise InvalidRequest(f"'{path}': {error}", field=f"{path}.{error.field}" if error.field else path) from None


def _canonical(given: Mapping[object, object]) -> dict[str, object]:
    """The fields that are not null, under our names."""
    canonical = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
    fields: dict[str, object] = {}
    for name, value in given.items():
        if value is None:
            continue
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


def _refuse_unknown(fields: Iterable[str], model: type[Strict], kind: str) -> None:
    known = set(model.model_fields)
    if issubclass(model, (DirectedRequest, Segment)):
        known |= set(EngineOptions.model_fields)
    for name in fields:
        if name not in known:
            raise InvalidRequest(_unknown_field(name, kind, known), field=name if may_echo(name) else None)


def _unknown_field(name: str, kind: str, known: Iterable[str]) -> str:
    if kind == SEGMENT and name in DialogueRequest.model_fields:
        return f"unknown field {name!r} of a segment: send it beside 'segments', for the whole recording"
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
    found = error.errors(include_url=False, include_input=False, include_context=False)
    # Items that are wrong are not counted, so that a list of them is too short as well.
    told = [item for item in found if item["type"] != "too_short" or len(found) == 1]
    messages, fields = [], []
    for item in told[:MOST_FAULTS]:
        path = [str(part) for part in item["loc"][1:] if isinstance(part, int) or may_echo(part)]
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
    if kind in ("tuple_type", "model_type", "dict_type"):
        return "send a list" if kind == "tuple_type" else "send an object"
    message = message.removeprefix("Value error, ").replace("Tuple should", "The list should")
    message = message.replace(" after validation", "")
    return message[0].lower() + message[1:]
