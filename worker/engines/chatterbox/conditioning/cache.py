"""The conditionings of the voices that were spoken with last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future

from voice_library.voice import Embedding, Reference, Voice, embedding_key
from worker.engines.chatterbox.conditioning.conditioning import Conditioning
from worker.engines.chatterbox.member import Member
from worker.errors import UnsupportedVoice

Source = Embedding | Reference


class ConditioningCache:
    """Conditionings of one member by what they are made of, so that voices of one id cannot be mixed up.

    Each is made once, however many threads ask for it at a time, and the longest unused go first.
    """

    def __init__(
        self, enrol: Callable[[Reference], Conditioning], member: Member, revision: str, *, max_bytes: int
    ) -> None:
        """`enrol` is called in the thread of the one who asks first; `max_bytes` is for the arrays of all."""
        self.key = embedding_key(member.engine, revision)
        self.hits = 0
        self.misses = 0
        self._enrol = enrol
        self._member = member
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, Conditioning] = OrderedDict()
        self._bytes = 0
        self._under_way: dict[bytes, Future[Conditioning]] = {}

    def of(self, voice: Voice) -> Conditioning:
        """The conditioning of the voice's embedding, or else of its reference.

        Raises:
            UnsupportedVoice: it has neither, or its embedding is not what the member needs.
            InvalidReference: there is nothing in its reference to go by.

        """
        source = self._source(voice)
        digest = source.digest
        with self._lock:
            kept = self._kept.get(digest)
            if kept is not None:
                self._kept.move_to_end(digest)
                self.hits += 1
                return kept
            coming = self._under_way.get(digest)
            if coming is None:
                self.misses += 1
                mine = self._under_way[digest] = Future[Conditioning]()
            else:
                self.hits += 1
        return coming.result() if coming is not None else self._made(source, digest, mine)

    def _source(self, voice: Voice) -> Source:
        source = voice.embeddings.get(self.key, voice.reference)
        if source is None:
            raise UnsupportedVoice(
                f"{self._member.engine} has no recording of the voice, nor what was once derived from one: "
                "enrol a recording, or choose another voice or engine",
                field="voice",
            )
        return source

    def _made(self, source: Source, digest: bytes, future: Future[Conditioning]) -> Conditioning:
        try:
            conditioning = self._derived(source)
        except BaseException as error:
            with self._lock:
                del self._under_way[digest]
            future.set_exception(error)
            raise
        with self._lock:
            del self._under_way[digest]
            self._keep(digest, conditioning)
        future.set_result(conditioning)
        return conditioning

    def _derived(self, source: Source) -> Conditioning:
        if isinstance(source, Reference):
            return self._enrol(source)
        return Conditioning.from_embedding(source, self._member)

    def _keep(self, digest: bytes, conditioning: Conditioning) -> None:
        self._kept[digest] = conditioning
        self._bytes += conditioning.size_bytes
        while self._bytes > self._max_bytes:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= gone.size_bytes
