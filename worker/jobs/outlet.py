"""Outlets: the ways that the files of one job may leave by, all of them the same way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path, PurePosixPath

from worker.delivery.choose import deliveries
from worker.delivery.inline import InlineSink, inline_limit
from worker.delivery.overflow import OverflowSink
from worker.delivery.s3.connection import Connection
from worker.delivery.s3.upload import open_upload
from worker.delivery.sink import Sink
from worker.delivery.volume import VolumeSink
from worker.jobs.context import Job, Worker
from worker.jobs.plan import Plan
from worker.jobs.recording import bucket_of, key_of, metadata_of

OpenNamed = Callable[[str, str], Sink]
"""Begins a file, given what its name ends with and its content type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One way out."""

    open: OpenNamed
    keeps: bool
    """Whether a finished file stays where it is when the job fails afterwards."""
    inline_bytes: int
    """What a reply carries."""
    _key: Callable[[str], str]

    def name(self, suffix: str) -> str:
        """The name of a file, without its folders."""
        return PurePosixPath(self._key(suffix)).name


def outlets(plan: Plan, job: Job, worker: Worker, *, several: bool) -> list[Outlet]:
    """The outlets that are open to the job, the next to be tried where one fails; only `auto` has more than one.

    With `several` recordings to come, `auto` does not wait to see whether they fit into the reply, but stores them.

    Raises:
        DeliveryUnavailable: what is asked for is not set up on this worker.
        InvalidS3Config, DeliveryFailed: the bucket that the job brings along cannot be used.

    """
    choice, folder = plan.request.delivery, worker.settings.volume_dir
    bucket = bucket_of(job, worker) if choice in ("auto", "s3") else None
    key = partial(_key, plan, job, worker, datetime.now(UTC).date())
    in_bucket = partial(_into_bucket, bucket, plan, key) if bucket else None
    # What is not set up is refused there, in one place for all jobs.
    deliveries(
        choice,
        job_id=job.id,
        extension=plan.format.extension,
        volume_dir=folder,
        open_s3=partial(in_bucket, "", "") if in_bucket else None,
    )
    on_volume = partial(_onto_volume, folder, key) if folder else None
    stores: dict[str, OpenNamed | None] = {"s3": in_bucket, "volume": on_volume}
    outlet = partial(Outlet, inline_bytes=inline_limit(job.id), _key=key)
    inline = outlet(open=partial(_into_reply, job.id), keeps=False)
    if choice == "inline":
        return [inline]
    opened = [store for name, store in stores.items() if store and choice in ("auto", name)]
    if choice == "auto" and not several:
        return [outlet(open=partial(_overflow, job.id, store), keeps=False) for store in opened] or [inline]
    return [outlet(open=store, keeps=True) for store in opened] or [inline]


def _key(plan: Plan, job: Job, worker: Worker, day: date, suffix: str) -> str:
    return key_of(plan, job, worker, suffix=suffix, day=day)


def _into_bucket(bucket: Connection, plan: Plan, key: Callable[[str], str], suffix: str, content_type: str) -> Sink:
    return open_upload(bucket, key(suffix), content_type=content_type, metadata=metadata_of(plan))


def _onto_volume(folder: Path, key: Callable[[str], str], suffix: str, content_type: str) -> Sink:  # noqa: ARG001 - files have none
    path = folder / key(suffix)
    return VolumeSink(path.parent, path.suffix, name=path.name)


def _into_reply(job_id: str, suffix: str, content_type: str) -> Sink:  # noqa: ARG001 - it has no name there
    return InlineSink(job_id)


def _overflow(job_id: str, store: OpenNamed, suffix: str, content_type: str) -> Sink:
    return OverflowSink(InlineSink(job_id), partial(store, suffix, content_type))
