"""Making the cache that the settings describe."""

from __future__ import annotations

from worker.cache.cache import Cache
from worker.cache.figures import Tally
from worker.cache.folder import Folder
from worker.cache.memory import Memory
from worker.cache.store import Store
from worker.cache.tier import Patience, Tier
from worker.settings import Settings

MIBI = 2**20


def cache_of(settings: Settings, bucket: Store | None = None) -> Cache:
    """The cache: in memory, then in the folder if there is one, then in `bucket` if there is one."""
    tally = Tally()
    ttl_sec = settings.cache_ttl_sec
    memory = Memory(max_bytes=settings.cache_mb * MIBI, ttl_sec=ttl_sec, tally=tally)
    tiers: list[Tier] = []
    if settings.cache_dir is not None:
        folder = Folder(settings.cache_dir, max_bytes=settings.cache_disk_mb * MIBI, ttl_sec=ttl_sec, tally=tally)
        # A disk that is full stays so for a while.
        tiers.append(Tier(folder, ttl_sec=ttl_sec, tally=tally, patience=Patience(failures=1)))
    if bucket is not None:
        tiers.append(Tier(bucket, ttl_sec=ttl_sec, tally=tally))
    return Cache(memory, tiers, tally=tally)
