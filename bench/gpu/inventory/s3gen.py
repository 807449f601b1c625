"""S3Gen's file: all that is between speech tokens, recordings and sound."""

from __future__ import annotations

from collections.abc import Mapping

from bench.gpu.inventory.flow import flow
from bench.gpu.inventory.hearing import speaker_encoder, tokenizer, voice_encoder
from bench.gpu.inventory.parts import Shape, under
from bench.gpu.inventory.vocoder import vocoder
from worker.engines.chatterbox.member import Member


def spoken(member: Member) -> Mapping[str, Shape]:
    """The shapes of what speaking reads of the member's S3Gen: flow and vocoder."""
    return {
        **dict(under("flow.", flow(meanflow=member.meanflow, blocks=member.blocks))),
        **dict(under("mel2wav.", vocoder())),
    }


def heard(member: Member) -> Mapping[str, Shape]:
    """The shapes of what hears a recording in it."""
    return {
        **dict(under("tokenizer.", tokenizer(blocks=member.blocks))),
        **dict(under("speaker_encoder.", speaker_encoder())),
    }


def speaker() -> Mapping[str, Shape]:
    """The shapes of the voice encoder's file."""
    return dict(voice_encoder())
