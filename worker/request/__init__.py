"""What a caller may ask: a job's `input` becomes a frozen, validated request."""

from worker.request.models import (
    LARGEST_SEED,
    AudioFormat,
    HealthRequest,
    Request,
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
    "EffectsRequest",
    "EngineOptions",
    "HealthRequest",
    "Request",
    "SynthesisRequest",
    "VoicesRequest",
    "parse",
]
