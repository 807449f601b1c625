"""A recording of the embedded engine, and members small enough to enrol it in a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import pytest
from chatterbox.models.s3gen import S3Gen
from chatterbox.models.voice_encoder import VoiceEncoder

from builder.random_checkpoint import write_s3gen, write_voice_encoder
from tests.engines.chatterbox.conditioning.recordings import spoken
from voice_library.voice import Reference
from worker.engines.chatterbox.conditioning.enrolment import Enrolment
from worker.engines.chatterbox.member import MEMBERS, Member
from worker.engines.chatterbox.modules import loaded_s3gen, loaded_voice_encoder
from worker.engines.espeak.engine import load
from worker.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Enroller:
    """One member's modules, and our enrolment with them."""

    member: Member
    voice_encoder: VoiceEncoder
    s3gen: S3Gen
    enrolment: Enrolment


@pytest.fixture(scope="session")
def enrollers(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Enroller]:
    folder = tmp_path_factory.mktemp("enrolling")

    @cache
    def enroller(name: str) -> Enroller:
        member = replace(MEMBERS[name], layers=1, blocks=1)
        write_s3gen(member, folder, seed=3)
        write_voice_encoder(member, folder, seed=4)
        voice_encoder, s3gen = loaded_voice_encoder(member, folder), loaded_s3gen(member, folder)
        enrolment = Enrolment(voice_encoder, s3gen, member)
        return Enroller(member=member, voice_encoder=voice_encoder, s3gen=s3gen, enrolment=enrolment)

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
