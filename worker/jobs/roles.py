"""Roles: who says what in a dialogue, each part a synthesis of its own with the dialogue's fields as defaults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from worker.errors import WorkerError
from worker.request import DialogueRequest, DirectedRequest, Segment, SynthesisRequest
from worker.text.voice_tags import stretches

_COMMON = tuple(DirectedRequest.model_fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One speaker's part."""

    request: SynthesisRequest
    """What would be asked for if this part were all."""
    offset: int = 0
    """Where its text begins in the one that spans are told in."""
    segment: int | None = None
    """Number of the segment, from 0; None for a stretch between voice tags."""
    speaker: str | None = None
    """None for the name of the voice, empty where it goes without saying."""
    gap_sec: float | None = None
    """Silence before it; None leaves it to nature."""

    @contextmanager
    def to_blame(self) -> Iterator[None]:
        """Makes errors from inside name the field of this part."""
        try:
            yield
        except WorkerError as error:
            if self.segment is None:
                field = error.field if error.field not in ("voice", "profile") else "text"
                raise type(error)(str(error), field=field) from error
            path = f"segments.{self.segment}"
            raise type(error)(f"'{path}': {error}", field=f"{path}.{error.field}" if error.field else path) from error


def segment_roles(dialogue: DialogueRequest) -> Iterator[Role]:
    """A role for each segment, in order."""
    for index, segment in enumerate(dialogue.segments):
        yield Role(
            request=_synthesis(dialogue, segment),
            segment=index,
            speaker=segment.speaker,
            gap_sec=segment.gap_sec,
        )


def tagged_roles(request: SynthesisRequest) -> Iterator[Role]:
    """A role for each stretch between the voice tags of a text, in order.

    Raises:
        InvalidRequest: a tag cannot be read.

    """
    for stretch in stretches(request.text):
        who = {"voice": stretch.voice, "profile": None} if stretch.voice else {}
        text = request.text[stretch.start : stretch.end]
        yield Role(request=request.model_copy(update={**who, "text": text}), offset=stretch.start)


def _synthesis(dialogue: DialogueRequest, segment: Segment) -> SynthesisRequest:
    fields: dict[str, object] = {name: getattr(dialogue, name) for name in _COMMON}
    if segment.voice or segment.profile:
        fields |= {"voice": segment.voice, "profile": segment.profile}
    for name in ("engine", "language", "speed"):
        if (own := getattr(segment, name)) is not None:
            fields[name] = own
    for name in ("effects", "options"):
        own = getattr(segment, name)
        fields[name] = getattr(dialogue, name).model_copy(update=own.model_dump(exclude_none=True))
    return SynthesisRequest.model_validate({**fields, "text": segment.text})
