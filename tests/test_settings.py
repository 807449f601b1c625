from __future__ import annotations

from pathlib import Path

import pytest

from worker.errors import InvalidSettings
from worker.settings import Settings


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environment({"HOME": "/root"}) == Settings()


def test_values_are_read_by_their_prefixed_name() -> None:
    settings = Settings.from_environment(
        {"TTS_ENGINES": "tone, espeak", "TTS_LANES": "4", "TTS_VOLUME_DIR": "/data", "TTS_LOUDNESS_LUFS": "-16.5"}
    )
    assert settings.engines == ("tone", "espeak")
    assert settings.lanes == 4
    assert settings.volume_dir == Path("/data")
    assert settings.loudness_lufs == -16.5


def test_an_empty_value_counts_as_unset() -> None:
    assert Settings.from_environment({"TTS_LANES": " "}).lanes == Settings().lanes


def test_a_misspelt_setting_is_an_error_with_the_right_name() -> None:
    with pytest.raises(InvalidSettings, match="unknown setting TTS_ENGINE; did you mean TTS_ENGINES"):
        Settings.from_environment({"TTS_ENGINE": "espeak"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TTS_LANES", "0"),
        ("TTS_LANES", "many"),
        ("TTS_MAX_AUDIO_SEC", "nan"),
        ("TTS_LOG_LEVEL", "LOUD"),
        ("TTS_ENGINES", ","),
    ],
)
def test_a_value_that_does_not_fit_names_its_setting(name: str, value: str) -> None:
    with pytest.raises(InvalidSettings, match=f"^{name}: "):
        Settings.from_environment({name: value})
