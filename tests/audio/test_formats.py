from __future__ import annotations

import pytest
import soundfile

from worker.audio.formats import FORMATS, nearest_rate


def test_each_format_is_found_under_its_own_name() -> None:
    assert list(FORMATS) == ["wav", "pcm", "flac", "mp3", "ogg", "opus"]
    assert all(each.name == name for name, each in FORMATS.items())


@pytest.mark.parametrize(
    ("name", "content_type", "extension"),
    [
        ("wav", "audio/wav", ".wav"),
        ("pcm", "audio/pcm", ".pcm"),
        ("flac", "audio/flac", ".flac"),
        ("mp3", "audio/mpeg", ".mp3"),
        ("ogg", "audio/ogg", ".ogg"),
        ("opus", "audio/ogg; codecs=opus", ".opus"),
    ],
)
def test_a_format_says_how_it_is_served(name: str, content_type: str, extension: str) -> None:
    assert (FORMATS[name].content_type, FORMATS[name].extension) == (content_type, extension)


@pytest.mark.parametrize(
    ("name", "wanted", "rate"),
    [
        ("wav", 22_050, 22_050),
        ("flac", 37_800, 37_800),
        ("opus", 22_050, 24_000),
        ("opus", 44_100, 48_000),
        ("opus", 16_000, 16_000),
        ("mp3", 23_000, 24_000),
        ("mp3", 4_000, 8_000),
        ("mp3", 96_000, 48_000),
    ],
)
def test_the_nearest_rate_is_the_next_one_up_or_else_the_highest(name: str, wanted: int, rate: int) -> None:
    assert nearest_rate(name, wanted) == rate


@pytest.mark.parametrize("name", ["mp3", "opus"])
@pytest.mark.parametrize("rate", [8_000, 9_600, 11_025, 12_000, 20_000, 22_050, 32_000, 44_100, 48_000])
def test_libsndfile_takes_the_rates_of_the_table_and_no_other(name: str, rate: int, tmp_path) -> None:
    fmt = FORMATS[name]

    def write() -> None:
        path = tmp_path / "sound"
        soundfile.SoundFile(path, "w", rate, 1, fmt.codec, format=fmt.container).close()

    if rate in (fmt.sample_rates or ()):
        write()
    else:
        with pytest.raises(soundfile.LibsndfileError):
            write()
