"""The speaker that benchmarks are given: ten seconds, as an engine and as upstream take them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import speaker
from worker.engines.chatterbox.conditioning.builtin import builtin
from worker.engines.chatterbox.member import MEMBERS


@pytest.mark.parametrize(("name", "prompt"), [("original", 150), ("turbo", 250)])
def test_a_checkpoint_is_given_a_voice_of_ten_seconds(name: str, prompt: int, tmp_path: Path) -> None:
    member = MEMBERS[name]
    speaker.write(member, tmp_path)
    voice = builtin(tmp_path, member)
    assert voice is not None
    assert (len(voice.prompt), len(voice.tokens), voice.mel.shape) == (prompt, 250, (500, 80))


def test_a_recording_has_ten_seconds_of_its_own_speaker_within_full_scale() -> None:
    one, other = speaker.recording(1), speaker.recording(2)
    assert one.dtype == np.float32
    assert len(one) == 10 * speaker.SAMPLE_RATE
    assert 0.05 < np.abs(one).max() < 1
    assert np.array_equal(one, speaker.recording(1))
    assert not np.array_equal(one, other)
