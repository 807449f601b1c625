"""A recording of the embedded engine, and members small enough to enrol it in a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import pytest
from chatterbox.models.s3gen import S3Gen
from chatterbox.models.voice_encoder import VoiceEncoder

from builder.upstream_modules import loaded_s3gen, loaded_voice_encoder
from tests.engines.chatterbox.conditioning import lively
from tests.engines.chatterbox.conditioning.recordings import spoken
from voice_library.voice import Reference
from worker.engines.chatterbox.checkpoint import read
from worker.engines.chatterbox.conditioning.enrolment import Enrolment
from worker.engines.chatterbox.conditioning.revision import Sampled
from worker.engines.chatterbox.hearing.hearing import Hearing
from worker.engines.chatterbox.member import MEMBERS, Member
from worker.engines.chatterbox.tensors import Tensors
from worker.engines.espeak.engine import load
from worker.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Enroller:
    """One member's modules of upstream, the tensors of the same files, and our enrolment with them."""

    member: Member
    voice_encoder: VoiceEncoder
    s3gen: S3Gen
    speech: Sampled
    speaker: Sampled
    hearing: Hearing
    enrolment: Enrolment


@pytest.fixture(scope="module")
def enrollers(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Enroller]:
    folder = tmp_path_factory.mktemp("enrolling")

    @cache
    def enroller(name: str) -> Enroller:
        member = replace(MEMBERS[name], layers=1, blocks=1)
        speech, speaker = (Sampled(read(path)) for path in lively.write(member, folder))
        hearing = Hearing(Tensors(speech, "speech"), Tensors(speaker, "speaker"), blocks=1)
        return Enroller(
            member=member,
            voice_encoder=loaded_voice_encoder(member, folder),
            s3gen=loaded_s3gen(member, folder),
            speech=speech,
            speaker=speaker,
            hearing=hearing,
            enrolment=Enrolment(lambda: hearing, member),
        )

    return enroller


@pytest.fixture
def original(enrollers: Callable[[str], Enroller]) -> Enroller:
    return enrollers("original")


@pytest.fixture(scope="session")
def speakers() -> tuple[Reference, Reference]:
    """Two who say the same, for about seventeen seconds."""
    engine = load("espeak", Settings())
    try:
        return spoken(engine), spoken(engine, voice="en-gb", pitch=85)
    finally:
        engine.close()
