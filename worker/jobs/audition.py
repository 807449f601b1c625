"""The audition: a voice says a sentence, by the route of every synthesis, so that a caller can choose by ear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from voice_library.errors import VoiceLibraryError
from worker.engines.base import primary_subtag
from worker.errors import EngineFailed, PayloadTooLarge, RequestError
from worker.jobs import synthesis
from worker.jobs.context import Job, Worker
from worker.jobs.progress import Progress
from worker.reply import SampleReply, VoiceReply
from worker.request import SynthesisRequest, VoicesRequest

MOST = 10
"""Samples of one job: it is over in seconds, and its reply is carried in one piece."""
SEED = 1
"""The same each time, so that a sample is made once and then comes from the cache."""
SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "de": "Guten Tag, so klinge ich, wenn ich etwas vorlese.",
        "en": "Hello, this is how I sound when I read something aloud.",
        "es": "Hola, así suena mi voz cuando leo algo en voz alta.",
        "fr": "Bonjour, voici comment je parle quand je lis à voix haute.",
        "ht": "Bonjou, men kijan mwen pale lè m ap li yon bagay.",
        "it": "Buongiorno, ecco come parlo quando leggo ad alta voce.",
        "nl": "Hallo, zo klink ik als ik iets voorlees.",
        "pl": "Dzień dobry, tak brzmi mój głos, kiedy czytam na głos.",
        "pt": "Olá, é assim que eu falo quando leio em voz alta.",
    }
)
"""By primary language subtag; who speaks another language says their name."""


def with_sample(voice: VoiceReply, request: VoicesRequest, job: Job, worker: Worker) -> tuple[VoiceReply, str | None]:
    """The voice with its sample or, where none can be made, a warning that says why.

    Raises:
        PayloadTooLarge: the sample is larger than any reply may be.
        Cancelled, WorkerFault: as a synthesis, unless it is this voice alone that fails.

    """
    text = SENTENCES.get(primary_subtag(voice.language), voice.names[0] if voice.names else voice.id)
    spoken = SynthesisRequest(
        text=text,
        voice=voice.id,
        engine=request.engine or "auto",
        response_format=request.response_format,
        seed=SEED,
        delivery="inline",
    )
    try:
        # Hearing a voice is not using it; and how far the samples are, the progress of one does not tell.
        reply = synthesis.run(spoken, replace(job, cast=set(), progress=Progress()), worker)
    except PayloadTooLarge as error:
        raise PayloadTooLarge(
            f"the sample of {voice.id!r} alone is larger than the platform carries for this call: ask for a smaller "
            "'response_format' (mp3, opus)",
            field="response_format",
        ) from error
    except (RequestError, VoiceLibraryError, EngineFailed) as error:
        if isinstance(error, EngineFailed):
            job.faults.append(error.code)
        return voice, f"there is no sample of {voice.id!r}: {error}"
    sample = SampleReply(
        audio_base64=reply.audio_base64 or "",
        format=reply.format,
        duration_sec=reply.duration_sec,
        text=text,
        engine=reply.engine,
    )
    return voice.model_copy(update={"sample": sample}), None
