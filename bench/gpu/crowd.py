"""A crowd: utterances of one member side by side in one decoder. All that the tables know of a decoder stands here."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from bench.gpu.setup import Setup
from worker.engines.chatterbox.arithmetic.precision import Precision, precision_of
from worker.engines.chatterbox.checkpoint import Weights
from worker.engines.chatterbox.decoder.decoder import Decoder, Slot
from worker.engines.chatterbox.decoder.embedding import Conditionals
from worker.engines.chatterbox.decoder.prefill import Prompt
from worker.engines.chatterbox.decoder.sampling import Sampling
from worker.engines.chatterbox.member import SPEAKER_SIZE, START_SPEECH, START_TEXT, STOP_TEXT, Member

PRECISIONS = ("balanced", "fast", "reference")
"""The order in which they are measured, should time run out."""
LAST = "nano"
"""The member that is measured if time is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to compute a step."""

    precision: Precision
    graphs: bool
    """Whether a step is one CUDA graph."""

    @property
    def cells(self) -> dict[str, str]:
        """What a row says of it."""
        return {"precision": self.precision.name, "CUDA graphs": "yes" if self.graphs else "no"}


def variants(setup: Setup) -> Sequence[Variant]:
    """Those that there are on the device, the most telling first."""
    graphs = (True, False) if setup.device.type == "cuda" else (False,)
    return [Variant(precision=precision_of(name, setup.device), graphs=each) for name in PRECISIONS for each in graphs]


def cases(setup: Setup) -> Iterator[tuple[Member, Variant]]:
    """Every member in every variant, the most telling first."""
    for members in (
        [each for each in setup.members if each.name != LAST],
        [e for e in setup.members if e.name == LAST],
    ):
        for variant in variants(setup):
            for member in members:
                yield member, variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an utterance is made of."""

    voice: Conditionals
    ids: Tensor
    """Of its text: int64 `[n]`, as upstream's `inference` takes it."""

    @classmethod
    def drawn(cls, member: Member, device: torch.device, *, ids: int, seed: int = 0) -> Said:
        """A random voice, and a text of so many ids."""
        chance = torch.Generator().manual_seed(seed)
        words = torch.randint(1, START_TEXT, (ids,), generator=chance)
        if member.guided:
            words[0], words[-1] = START_TEXT, STOP_TEXT
        prompt = torch.randint(0, START_SPEECH, (member.prompt_tokens,), generator=chance)
        speaker = torch.nn.functional.normalize(torch.rand(SPEAKER_SIZE, generator=chance), dim=0)
        return cls(voice=Conditionals(speaker=speaker.to(device), prompt=prompt.to(device)), ids=words.to(device))


class Crowd:
    """A decoder and one voice in it."""

    def __init__(
        self, weights: Weights, member: Member, variant: Variant, setup: Setup, *, utterances: int, tokens: int
    ) -> None:
        """Room for `utterances` of at most `tokens` tokens each."""
        self.member, self.variant, self.setup = member, variant, setup
        self._tokens = tokens
        length = member.opening_length + setup.text_ids + 2 + tokens + setup.ahead
        self.rows = utterances * (2 if member.guided else 1)
        self.decoder = Decoder(
            weights,
            member,
            rows=self.rows,
            length=length,
            device=str(setup.device),
            ahead=setup.ahead,
            precision=variant.precision,
            graphs=variant.graphs,
        )
        self._said = Said.drawn(member, setup.device, ids=setup.text_ids)
        self._opening = self.decoder.opening(self._said.voice)
        self.slots: list[Slot] = []

    def prompt(self, said: Said | None = None) -> Prompt:
        """The prompt of `said`, or of the crowd's own words; its voice is the crowd's."""
        ids, emotion = (said or self._said).ids, self.member.defaults.get("exaggeration", 0.0)
        with torch.inference_mode():
            text = self.decoder.embedding.text(ids, after=self._opening.shape[1], exaggeration=emotion)
        if not self.member.guided:
            return Prompt(opening=self._opening, text=text)
        wordless = self.decoder.wordless(self._opening, emotion, 1 + len(ids))
        return Prompt(opening=self._opening, text=text, wordless=wordless)

    def admit(self, prompt: Prompt, *, seed: int, tokens: int | None = None) -> Slot:
        """Another utterance, of `tokens` tokens or as many as there is room for."""
        limit = self._tokens if tokens is None else tokens
        slot = self.decoder.admit(prompt, sampling(self.member), seed=seed, token_limit=limit)
        self.slots.append(slot)
        return slot

    def gather(self, utterances: int) -> None:
        """Takes so many utterances in, none of which ends before it is released."""
        prompt = self.prompt()
        for seed in range(utterances):
            self.admit(prompt, seed=seed)

    def steps(self, count: int) -> None:
        """So many tokens of everybody."""
        for _ in range(count):
            self.decoder.step()

    def disperse(self) -> None:
        """Ends whatever is under way."""
        for slot in self.slots:
            self.decoder.release(slot)
        self.slots.clear()
        self.steps(self.setup.ahead + 1)  # reads what is still on its way
        self.setup.wait()

    @property
    def reach(self) -> float:
        """Positions that the rows of the crowd hold, on average."""
        return sum(slot.reach for slot in self.slots) / len(self.slots)


def step_ms(crowd: Crowd) -> float:
    """Milliseconds a step, over the steps of a round."""
    crowd.setup.wait()
    began = time.perf_counter()
    crowd.steps(crowd.setup.steps)
    crowd.setup.wait()
    return 1e3 * (time.perf_counter() - began) / crowd.setup.steps


def sampling(member: Member) -> Sampling:
    """As the member speaks unless told otherwise."""
    known = {field.name for field in fields(Sampling)}
    return Sampling(**{name: value for name, value in member.defaults.items() if name in known})  # type: ignore[arg-type]  # top_k is an int
