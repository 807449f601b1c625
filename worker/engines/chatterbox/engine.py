"""Chatterbox behind the seam of every engine: an utterance is prepared, spoken in the batch, rendered and marked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import partial
from typing import Literal

import torch

from voice_library.voice import Embedding, Reference, Voice
from worker.audio.clip import Clip
from worker.engines.base import Capabilities, Take, Utterance, Verdict
from worker.engines.chatterbox.batch import Batch, Line
from worker.engines.chatterbox.conditioning.blend import blended
from worker.engines.chatterbox.conditioning.conditioning import Conditioning
from worker.engines.chatterbox.conditioning.enrolment import TOKENS_PER_SEC, limits
from worker.engines.chatterbox.decoder.decoder import Slot
from worker.engines.chatterbox.decoder.sampling import Sampling
from worker.engines.chatterbox.member import MEMBERS, Member
from worker.engines.chatterbox.model import Model
from worker.engines.chatterbox.prompts import Prompts
from worker.engines.chatterbox.rendition import Live, Rendition, Studio, Whole
from worker.engines.chatterbox.schedule import Schedule
from worker.engines.chatterbox.speech import Speech, fault
from worker.engines.chatterbox.text.budget import token_limit
from worker.engines.chatterbox.text.punctuation import punctuated
from worker.engines.chatterbox.vocoder.excitation import SAMPLE_RATE
from worker.engines.chatterbox.workshop import Order, Workshop
from worker.engines.shares import shares
from worker.engines.tags import stripped
from worker.errors import UnreadableText
from worker.request import EngineOptions
from worker.settings import Settings

FEWEST_TOKENS = 4
"""Fewer, 160 ms, are no answer to any text: the model stopped before it began, as it does on very short ones."""
MOST_ATTEMPTS = 3
MARKING_THREADS = 2
TOGETHER = {True: 8_000, False: 0}
"""Speech tokens that are rendered at once, on a GPU and elsewhere, where one utterance keeps all of it busy and samples
are the same to the last bit when they are rendered alone."""
PREPARING_THREADS = 2
"""So that a voice which has to be enrolled first does not hold up all others."""
MAX_SOURCE_SEC = 30.0
"""Upstream converts any length at once, in memory that grows with its square."""


def load(name: str, settings: Settings) -> Chatterbox:
    """The engine of the member that goes by `name`.

    Raises:
        EngineUnavailable: its files are missing or damaged, or the device has no room for it.

    """
    member = next(member for member in MEMBERS.values() if member.engine == name)
    return Chatterbox(Model.load(member, settings), batch_size=settings.batch_size)


class Chatterbox:
    """One member of the family. It keeps no voice between calls."""

    sample_rate = SAMPLE_RATE
    max_source_sec = MAX_SOURCE_SEC

    def __init__(
        self,
        model: Model,
        *,
        batch_size: int,
        limit: Callable[[str], int] = token_limit,
        schedule: Schedule[Line] | None = None,
        orders: Schedule[Order] | None = None,
    ) -> None:
        """`limit` says how many speech tokens a text may take at most.

        Of the model's rows all are used; `batch_size` is what jobs are told, at most as many as there are rows for.
        `schedule` says who is spoken next and `orders` who is rendered next, where other rules are wanted.
        """
        self._model = model
        self._limit = limit
        self._member: Member = model.member
        utterances = model.decoder.free_rows // (2 if self._member.guided else 1)
        self._batch = Batch(model.decoder, schedule=schedule)
        self._preparing = ThreadPoolExecutor(PREPARING_THREADS, thread_name_prefix="chatterbox-prepare")
        self._rendering = Workshop(
            model.renderer.mels,
            most_tokens=TOGETHER[model.device.type == "cuda"],
            device=model.device,
            schedule=orders,
        )
        self._marking = ThreadPoolExecutor(MARKING_THREADS, thread_name_prefix="chatterbox-mark")
        self._studio = Studio(model=model, workshop=self._rendering, marking=self._marking)
        self._prompts = Prompts(model.decoder)
        self.name = self._member.engine
        self.device = str(model.device)
        self.revision = model.revision
        self.embedding_key = model.conditionings.key
        self.reference_limits = limits(self._member)
        self.voices = () if model.own_voice is None else (model.own_voice,)
        self.capabilities = Capabilities(
            languages=self._member.languages,
            parameters=frozenset(self._member.defaults),
            tags=self._member.tags,
            live=True,
            watermark=model.watermark is not None,
            max_chars=self._member.max_chars,
            max_chars_in=self._member.max_chars_in,
            ahead=max(1, min(batch_size, utterances)),
        )

    @property
    def row_limit(self) -> int:
        """Rows of the batch that may be in use: all, unless memory ran out not long ago."""
        return self._batch.limit

    @property
    def rows_in_use(self) -> int:
        """Rows of the batch that utterances hold."""
        return self._batch.rows_in_use

    def can_speak(self, voice: Voice) -> bool:
        """Anybody it has an embedding of, or can enrol."""
        return self.embedding_key in voice.embeddings or voice.reference is not None

    def remarks(self, text: str, language: str) -> tuple[str, ...]:  # noqa: ARG002 - it reads what it is given
        """What it lacks for the language."""
        return self._model.tokenizer.shortcomings(language)

    def enroll(self, reference: Reference) -> Embedding:
        """What it needs to speak as the speaker of `reference`."""
        with _faults():
            return self._model.enrolment.of(reference).to_embedding()

    def fits(self, embedding: Embedding) -> bool:
        """Whether the arrays are a conditioning of this member."""
        return Conditioning.fits(embedding, self._member)

    def warm(self, voice: Voice) -> None:
        """Has the voice's conditioning on the device, and T3's keys and values of it."""
        with _faults():
            self._prompts.warm(
                self._model.voice(voice).conditionals,
                exaggeration=self._member.defaults.get("exaggeration", 0.0),
                guided=self._member.guided,
            )

    def blend(self, parts: Sequence[tuple[Voice, float]]) -> Embedding:
        """Somebody between the speakers, as `blended` has it."""
        parted = shares([weight for _, weight in parts])
        with _faults():
            conditionings = [self._model.conditionings.of(voice) for voice, _ in parts]
        return blended(conditionings, parted, self._member).to_embedding()

    def submit(self, utterance: Utterance) -> Take:
        """Returns at once; the take is under way."""
        speech = Speech(Verdict(seed=utterance.seed, engine=self.name))
        self._preparing.submit(speech.attempt, partial(self._prepare, speech, utterance))
        return speech

    def convert(self, source: Clip, voice: Voice, *, seed: int) -> Take:
        """Returns at once; the take is under way."""
        speech, model = Speech(Verdict(seed=seed, engine=self.name)), self._model
        tokens = partial(model.said, source)
        expected = round(source.duration_sec * TOKENS_PER_SEC)
        self._studio.render(speech, tokens, voice, model.noise(seed, model.chance(seed)), expected=expected)
        return speech

    def close(self) -> None:
        """Ends its threads and lets go of the model; its takes must be finished or cancelled."""
        self._preparing.shutdown(cancel_futures=True)
        self._batch.close()
        self._rendering.close()
        self._marking.shutdown()

    @torch.inference_mode()
    def _prepare(self, speech: Speech, utterance: Utterance) -> None:
        """Text and voice become the decoder's inputs."""
        member, model = self._member, self._model
        options = EngineOptions(**{**member.defaults, **utterance.options.model_dump(exclude_none=True)})
        studio, voice = self._studio, utterance.voice
        rendition = Live(studio, voice) if utterance.live else Whole(studio=studio, voice=voice)
        text = punctuated(stripped(utterance.text, member.tags).text, member)
        ids = torch.tensor(model.tokenizer.ids(text, utterance.language), device=model.device)
        self._batch.add(
            Line(
                speech=speech,
                prompt=self._prompts.of(
                    model.voice(utterance.voice).conditionals,
                    ids,
                    exaggeration=options.exaggeration or 0.0,
                    guided=bool(options.cfg_weight),
                ),
                sampling=_sampling(options),
                seed=utterance.seed,
                token_limit=self._limit(text),
                spoken=partial(self._spoken, rendition),
                told=rendition.told if utterance.live else None,
                job=utterance.job,
                priority=utterance.priority,
            )
        )

    def _spoken(self, rendition: Rendition, line: Line, slot: Slot) -> None:
        """Speech tokens go to be rendered; too few of them are tried again, with a seed of their own."""
        if len(slot.tokens) < FEWEST_TOKENS and line.attempt < MOST_ATTEMPTS:
            self._batch.add(replace(line, attempt=line.attempt + 1, seed=_seed(line.seed, line.attempt)))
            return
        end: Literal["complete", "token_limit"] = "token_limit" if slot.end == "limit" else "complete"
        line.speech.verdict = Verdict(
            seed=line.seed, engine=self.name, attempts=line.attempt, end=end, speech_tokens=tuple(slot.tokens)
        )
        if len(slot.tokens) < FEWEST_TOKENS:
            raise UnreadableText(
                f"{self.name} had nothing to say for a text, {line.attempt} times: send more of it, or another 'seed'",
                field="text",
            )
        rendition.ended(line, slot)


@contextmanager
def _faults() -> Iterator[None]:
    """Makes of what the device does wrong inside the error that a take would end with."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        raise fault(error) from error


def _sampling(options: EngineOptions) -> Sampling:
    chosen = options.model_dump(include={field.name for field in fields(Sampling)}, exclude_none=True)
    return Sampling(**chosen)


def _seed(seed: int, attempt: int) -> int:
    """32 bits that depend on both alone."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/attempt {attempt}".encode(), digest_size=4).digest())
