"""Which deliveries are open to a job, and in which order they are tried."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

from worker.delivery.inline import InlineSink
from worker.delivery.overflow import OverflowSink
from worker.delivery.sink import Sink
from worker.delivery.volume import VolumeSink
from worker.errors import DeliveryUnavailable

Choice = Literal["auto", "inline", "volume", "s3"]
OpenSink = Callable[[], Sink]


def deliveries(
    choice: Choice, *, job_id: str, extension: str, volume_dir: Path | None, open_s3: OpenSink | None
) -> list[OpenSink]:
    """Ways to a sink, the next to be tried where one fails; only `auto` has more than one.

    Raises:
        DeliveryUnavailable: what is asked for is not set up on this worker.

    """
    inline = partial(InlineSink, job_id)
    open_volume = partial(VolumeSink, volume_dir, extension) if volume_dir else None
    stores = [store for store in (open_s3, open_volume) if store]
    if choice == "auto":
        return [partial(_overflow, inline, store) for store in stores] or [inline]
    chosen = {"inline": inline, "volume": open_volume, "s3": open_s3}[choice]
    if chosen is None:
        raise DeliveryUnavailable(_HOW_TO[choice], field="delivery")
    return [chosen]


_HOW_TO = {
    "volume": "this worker has no volume: set TTS_VOLUME_DIR, or use another delivery",
    "s3": "no S3 is set up: set TTS_S3_BUCKET and its credentials, send s3Config with the job, or use another delivery",
}


def _overflow(inline: Callable[[], InlineSink], store: OpenSink) -> Sink:
    return OverflowSink(inline(), store)
