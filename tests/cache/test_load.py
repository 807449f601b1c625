from __future__ import annotations

from pathlib import Path

import pytest

from tests.cache.entries import utterance, voice
from worker.cache.load import cache_of
from worker.errors import InvalidSettings
from worker.jobs.context import Worker
from worker.settings import Settings
from worker.takes.cached import cached


def test_the_folder_of_the_settings_outlives_a_cache(worker: Worker, tmp_path: Path) -> None:
    engine = worker.engines["tone"]
    spoken = utterance("once", engine="tone", voice=voice(reference=None, embeddings={}))
    hits = []
    for _ in range(2):
        cache = cache_of(Settings(cache_dir=tmp_path / "kept"))
        take = cached(engine.submit, cache, lambda _: engine.revision)(spoken)
        list(take)
        hits.append(take.verdict.cached)
        cache.close()
    assert hits == [False, True]
    assert cache.figures.by_tier["folder"] == {"hit": 1}


def test_without_settings_it_is_in_memory_alone() -> None:
    cache = cache_of(Settings())
    assert cache.figures.size_bytes == {"memory": 0}
    cache.close()


def test_settings_of_the_cache_are_read_and_checked() -> None:
    settings = Settings.from_environment(
        {"TTS_CACHE_MB": "0", "TTS_CACHE_TTL_SEC": "60", "TTS_CACHE_DIR": "/kept", "TTS_CACHE_DISK_MB": "1"}
    )
    assert (settings.cache_mb, settings.cache_ttl_sec, settings.cache_disk_mb) == (0, 60.0, 1)
    assert settings.cache_dir == Path("/kept")
    with pytest.raises(InvalidSettings, match="TTS_CACHE_S3 needs a bucket"):
        Settings.from_environment({"TTS_CACHE_S3": "1"})
    for name, value in (("TTS_CACHE_MB", "-1"), ("TTS_CACHE_TTL_SEC", "0"), ("TTS_CACHE_DISK_MB", "0")):
        with pytest.raises(InvalidSettings, match=name):
            Settings.from_environment({name: value})
