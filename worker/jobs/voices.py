"""The voices job: what can speak here, and what each engine honours."""

from __future__ import annotations

import json

from worker.delivery.inline import inline_limit
from worker.engines.base import BlendingEngine, CloningEngine, ConvertingEngine, Engine
from worker.errors import InvalidRequest, PayloadTooLarge
from worker.jobs.audition import MOST, with_sample
from worker.jobs.context import Job, Worker
from worker.jobs.deletion import deleted
from worker.jobs.listing import fitting
from worker.jobs.portrait import portrait
from worker.reply import EngineReply, ParameterReply, VoiceReply, VoicesReply
from worker.request import EngineOptions, VoicesRequest


def run(request: VoicesRequest, job: Job, worker: Worker) -> VoicesReply:
    """A page of the voices and profiles that fit, and the engines; or the voice that was deleted.

    Raises:
        RequestError: nobody has that name, or the request contradicts itself or asks for more than a reply carries.

    """
    _check(request)
    if request.delete is not None:
        return deleted(request.delete, worker)
    page = _page(request, worker)
    if request.samples:
        page = _heard(page, request, job, worker)
    _check_size(page, job)
    return page


def _check(request: VoicesRequest) -> None:
    given = request.model_fields_set - {"type", "delete"}
    if request.delete is not None and given:
        raise InvalidRequest(f"'delete' is sent alone: leave out {min(given)!r}", field=min(given))
    if "response_format" in given and not request.samples:
        raise InvalidRequest("'response_format' is that of the samples: send 'samples': true", field="response_format")


def _page(request: VoicesRequest, worker: Worker) -> VoicesReply:
    found = fitting(request, worker)
    end = request.offset + request.limit
    engines = [worker.engines[request.engine]] if request.engine else list(worker.engines)
    return VoicesReply(
        voices=tuple(
            portrait(entry, voice, worker, details=request.details) for entry, voice in found[request.offset : end]
        ),
        total=len(found),
        next_offset=end if end < len(found) else None,
        engines=tuple(_engine(engine) for engine in engines),
    )


def _heard(page: VoicesReply, request: VoicesRequest, job: Job, worker: Worker) -> VoicesReply:
    if len(page.voices) > MOST:
        raise InvalidRequest(
            f"the page has {len(page.voices)} voices, and samples are made of {MOST} at once: send 'limit': {MOST} and "
            "an 'offset', or narrow the list down",
            field="samples",
        )
    voices: list[VoiceReply] = []
    warnings: list[str] = []
    for silent in page.voices:
        job.cancellation.stop_if_cancelled()
        voice, warning = with_sample(silent, request, job, worker)
        voices.append(voice)
        warnings.extend([warning] if warning else [])
    return page.model_copy(update={"voices": tuple(voices), "warnings": tuple(warnings)})


def _check_size(page: VoicesReply, job: Job) -> None:
    size_bytes, limit_bytes = len(json.dumps(page.model_dump(mode="json"))), inline_limit(job.id)
    if size_bytes > limit_bytes:
        raise PayloadTooLarge(
            f"the reply would be {size_bytes} bytes and the platform carries {limit_bytes} for this call: send a "
            "smaller 'limit', or a smaller 'response_format' (mp3, opus)",
            field="limit",
        )


def _engine(engine: Engine) -> EngineReply:
    capabilities = engine.capabilities
    return EngineReply(
        name=engine.name,
        sample_rate=engine.sample_rate,
        languages=tuple(sorted(capabilities.languages)),
        parameters=tuple(
            ParameterReply(name=name, description=EngineOptions.model_fields[name].description or "")
            for name in sorted(capabilities.parameters)
        ),
        speed_range=capabilities.speed_range,
        max_chars=capabilities.max_chars,
        tags=tuple(sorted(capabilities.tags)),
        cloning=isinstance(engine, CloningEngine),
        conversion=isinstance(engine, ConvertingEngine),
        blending=isinstance(engine, BlendingEngine),
    )
