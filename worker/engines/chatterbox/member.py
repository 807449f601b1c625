"""The members of the family: what each is made of, and what it can say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from worker.engines.tag_words import TAGS

START_SPEECH = 6561
STOP_SPEECH = 6562
"""Speech tokens below these two are sound (`T3Config` of chatterbox-tts)."""
START_TEXT = 255
STOP_TEXT = 0
"""What a text is put between; Turbo and Nano go without."""
SPEAKER_SIZE = 256
"""Length of a speaker embedding."""
VOICE_FILE = "conds.pt"
"""The file of the voice that a checkpoint brings along, if it does."""
_GUIDED: Mapping[str, float] = {
    "exaggeration": 0.5,
    "cfg_weight": 0.5,
    "temperature": 0.8,
    "repetition_penalty": 1.2,
    "min_p": 0.05,
    "top_p": 1.0,
}
_UNGUIDED: Mapping[str, float] = {"temperature": 0.8, "repetition_penalty": 1.2, "top_p": 0.95, "top_k": 1000}
PERCEIVED = 32
"""Vectors that the perceiver makes of a prompt."""
HEAD_SIZE = 64
"""Width of an attention head, in every member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One model of the family; defaults are those of the original."""

    name: str
    repository: str = "ResembleAI/chatterbox"
    """Where its files are published on the Hugging Face Hub."""
    file: str
    """The file of its T3, which makes speech tokens of text."""
    speech_file: str = "s3gen.safetensors"
    """The file of its S3Gen, which makes sound of speech tokens."""
    speaker_file: str = "ve.safetensors"
    """The file of its voice encoder, which hears who speaks."""
    tokenizer_files: tuple[str, ...] = ("tokenizer.json",)
    """The file its tokenizer is read from first; then those that belong to it."""
    trunk: Literal["llama", "gpt2"] = "llama"
    """Llama members are guided: they compare each token with one said of no text. GPT-2 members are not."""
    layers: int = 30
    hidden: int = 1024
    blocks: int | None = None
    """At most so many blocks in each stack of its S3Gen; all of them unless the checkpoint was made smaller."""
    text_vocabulary: int
    speech_vocabulary: int = 8194
    prompt_tokens: int = 150
    """Speech tokens of the voice's recording that a prompt holds, 25 a second."""
    languages: frozenset[str] = frozenset({"en"})
    max_chars: int = 300
    """Characters of an utterance beyond which its speech loses its way (chatterbox issues 424, 543)."""
    max_chars_in: Mapping[str, int] = field(default_factory=dict)
    """The same for languages that say more in a character."""
    defaults: Mapping[str, float] = field(default_factory=lambda: _GUIDED)
    """The engine options it honours, and upstream's own values."""
    tags: frozenset[str] = frozenset()
    """Sounds and manners that it acts on when they stand in the text, in brackets."""

    @property
    def guided(self) -> bool:
        """Whether it has classifier-free guidance, a perceiver over the voice's prompt, and exaggeration."""
        return self.trunk == "llama"

    @property
    def opening_length(self) -> int:
        """Inputs that stand for a voice: its speaker, and its prompt whole or, guided, in 32 vectors."""
        return 1 + (PERCEIVED if self.guided else self.prompt_tokens)

    @property
    def meanflow(self) -> bool:
        """Whether its S3Gen is distilled to two steps without guidance."""
        return self.trunk == "gpt2"

    @property
    def engine(self) -> str:
        """The name its engine goes by."""
        return "chatterbox" if self.name == "original" else f"chatterbox-{self.name}"


LANGUAGES = frozenset(
    {"ar", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "it", "ja"}
    | {"ko", "ms", "nl", "no", "pl", "pt", "ru", "sv", "sw", "tr", "zh"}
)
"""What the multilingual members speak (`SUPPORTED_LANGUAGES` of chatterbox-tts)."""

_MULTILINGUAL = Member(
    name="multilingual",
    file="t3_mtl23ls_v3.safetensors",
    speech_file="s3gen.pt",
    speaker_file="ve.pt",
    tokenizer_files=("grapheme_mtl_merged_expanded_v1.json", "Cangjie5_TC.json"),
    text_vocabulary=2_454,
    languages=LANGUAGES,
    max_chars_in={"zh": 80, "ja": 120, "ko": 120},
    defaults={**_GUIDED, "repetition_penalty": 2.0},
)
_TURBO = Member(
    name="turbo",
    repository="ResembleAI/chatterbox-turbo",
    file="t3_turbo_v1.safetensors",
    speech_file="s3gen_meanflow.safetensors",
    tokenizer_files=(
        "tokenizer_config.json",
        "vocab.json",
        "merges.txt",
        "added_tokens.json",
        "special_tokens_map.json",
    ),
    trunk="gpt2",
    layers=24,
    text_vocabulary=50_276,
    speech_vocabulary=6_563,
    prompt_tokens=375,
    defaults=_UNGUIDED,
    tags=TAGS,
)
MEMBERS: Mapping[str, Member] = {
    member.name: member
    for member in (
        Member(name="original", file="t3_cfg.safetensors", text_vocabulary=704),
        _MULTILINGUAL,
        replace(_MULTILINGUAL, name="multilingual-v2", file="t3_mtl23ls_v2.safetensors"),
        _TURBO,
        replace(
            _TURBO,
            name="nano",
            repository="ResembleAI/chatterbox-nano",
            file="t3_nano_v1.safetensors",
            layers=12,
            hidden=768,
        ),
    )
}
