"""Prompts: utterances' beginnings, of which what voices have in common is computed once and kept."""

from __future__ import annotations

from functools import partial

from torch import Tensor

from worker.engines.chatterbox.decoder.decoder import Decoder
from worker.engines.chatterbox.decoder.embedding import Conditionals
from worker.engines.chatterbox.decoder.prefill import Prompt
from worker.engines.chatterbox.kept import Kept

KEPT_BYTES = 2**30
"""Of the voices used last: for the original in single precision 8 MB each and, where they are guided, 24 MB for texts
of up to 95 ids at one exaggeration; 74 MB each for Turbo."""
USUAL_IDS = 80
"""Of an utterance; a warmed voice is ready for so many, and one of more computes what is missing."""


class Prompts:
    """The prompts of one decoder; for any number of threads."""

    def __init__(self, decoder: Decoder, max_bytes: int = KEPT_BYTES) -> None:
        self._decoder = decoder
        self._kept = Kept(max_bytes)

    def of(self, voice: Conditionals, ids: Tensor, *, exaggeration: float, guided: bool) -> Prompt:
        """The prompt of a text, `ids` int64 `[n]`, in `voice`; guided, with a row to compare it with.

        Raises:
            EngineFailed: guided, the text is longer than a row.

        """
        opening = self._opening(voice)
        text = self._decoder.embedding.text(ids, after=opening.shape[1], exaggeration=exaggeration)
        wordless = self._wordless(voice, opening, exaggeration, len(ids)) if guided else None
        return Prompt(opening=opening, text=text, wordless=wordless)

    def warm(self, voice: Conditionals, *, exaggeration: float, guided: bool) -> None:
        """Has ready what the prompt of a usual text in `voice` consists of besides the text."""
        opening = self._opening(voice)
        if guided:
            self._wordless(voice, opening, exaggeration, USUAL_IDS)

    def _opening(self, voice: Conditionals) -> Tensor:
        return self._kept.of(voice, lambda _: self._decoder.opening(voice))

    def _wordless(self, voice: Conditionals, opening: Tensor, exaggeration: float, ids: int) -> Tensor:
        make = partial(self._decoder.wordless, opening, exaggeration, 1 + ids)
        return self._kept.of((voice, exaggeration), make, length=1 + ids)
