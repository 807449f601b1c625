"""A timeline: keeps words at their moment in a stream stage whose output lags its input."""

from __future__ import annotations

from worker.audio.clip import Clip, Samples, Word, moved


class Timeline:
    """Counts what a stage took in and gave out, and puts each word on the clip its moment falls in."""

    def __init__(self, input_rate: int, output_rate: int) -> None:
        """Both rates in hertz."""
        self._input_rate = input_rate
        self._output_rate = output_rate
        self._frames_in = 0
        self._frames_out = 0
        self._waiting: tuple[Word, ...] = ()
        """Words not given out yet, timed from the start of the stream."""

    def take(self, clip: Clip) -> None:
        """Notes a clip the stage has taken in."""
        self._waiting += moved(clip.words, self._frames_in / self._input_rate)
        self._frames_in += len(clip.samples)

    def give(self, samples: Samples) -> Clip:
        """The next clip out, with the words that start inside it."""
        end_sec = (self._frames_out + len(samples)) / self._output_rate
        return self._given(samples, tuple(word for word in self._waiting if word.start_sec < end_sec))

    def give_last(self, samples: Samples) -> Clip | None:
        """The stream's last clip, with every word that is left; None if there is neither sample nor word."""
        if not len(samples) and not self._waiting:
            return None
        return self._given(samples, self._waiting)

    def _given(self, samples: Samples, words: tuple[Word, ...]) -> Clip:
        self._waiting = tuple(word for word in self._waiting if word not in words)
        offset_sec = self._frames_out / self._output_rate
        self._frames_out += len(samples)
        return Clip(samples=samples, sample_rate=self._output_rate, words=moved(words, -offset_sec))
