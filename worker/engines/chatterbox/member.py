"""The members of the family: how the T3 of each, which makes speech tokens, is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

START_SPEECH = 6561
STOP_SPEECH = 6562
"""Speech tokens below these two are sound (`T3Config` of chatterbox-tts)."""
START_TEXT = 255
STOP_TEXT = 0
"""What a text is put between; Turbo and Nano go without."""
SPEAKER_SIZE = 256
"""Length of a speaker embedding."""
HEAD_SIZE = 64
"""Width of an attention head, in every member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One model of the family; defaults are those of the original."""

    name: str
    file: str
    """The file of its T3 in the repository that holds its weights."""
    trunk: Literal["llama", "gpt2"] = "llama"
    """Llama members are guided: they compare each token with one said of no text. GPT-2 members are not."""
    layers: int = 30
    hidden: int = 1024
    text_vocabulary: int
    speech_vocabulary: int = 8194
    prompt_tokens: int = 150
    """Speech tokens of the voice's recording that a prompt holds."""

    @property
    def guided(self) -> bool:
        """Whether it has classifier-free guidance, a perceiver over the voice's prompt, and exaggeration."""
        return self.trunk == "llama"


MEMBERS: Mapping[str, Member] = {
    member.name: member
    for member in (
        Member(name="original", file="t3_cfg.safetensors", text_vocabulary=704),
        Member(name="multilingual", file="t3_mtl23ls_v2.safetensors", text_vocabulary=2_454),
        Member(
            name="turbo",
            file="t3_turbo_v1.safetensors",
            trunk="gpt2",
            layers=24,
            text_vocabulary=50_276,
            speech_vocabulary=6_563,
            prompt_tokens=375,
        ),
        Member(
            name="nano",
            file="t3_nano_v1.safetensors",
            trunk="gpt2",
            layers=12,
            hidden=768,
            text_vocabulary=50_276,
            speech_vocabulary=6_563,
            prompt_tokens=375,
        ),
    )
}
