"""What a caller may ask: a job's `input` becomes a frozen, validated request."""

from worker.request.models import (
    LARGEST_SEED,
    AudioFormat,
    CloningRequest,
    ConversionRequest,
    DialogueRequest,
    DirectedRequest,
    EveryMinutes,
    HealthRequest,
    LongTextRequest,
    Priority,
    RecordingRequest,
    Request,
    Segment,
    SpokenRequest,
    SynthesisRequest,
    VoicesRequest,
)
from worker.request.names import ALIASES
from worker.request.options import EffectsRequest, EngineOptions
from worker.request.parse import parse

__all__ = [
    "ALIASES",
    "LARGEST_SEED",
    "AudioFormat",
    "CloningRequest",
    "ConversionRequest",
    "DialogueRequest",
    "DirectedRequest",
    "EffectsRequest",
    "EngineOptions",
    "EveryMinutes",
    "HealthRequest",
    "LongTextRequest",
    "Priority",
    "RecordingRequest",
    "Request",
    "Segment",
    "SpokenRequest",
    "SynthesisRequest",
    "VoicesRequest",
    "parse",
]
