"""Which delivery finished audio takes, once its size is known: nothing is sent that would be lost on the way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from worker.delivery.inline import inline, inline_limit, inline_size
from worker.delivery.volume import to_volume
from worker.errors import DeliveryUnavailable, PayloadTooLarge
from worker.reply import Destination

Choice = Literal["auto", "inline", "volume"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The ways out that are open to one job."""

    choice: Choice
    job_id: str
    volume_dir: Path | None

    def check(self) -> None:
        """Raises DeliveryUnavailable now rather than after the audio was made."""
        if self.choice == "volume" and self.volume_dir is None:
            raise DeliveryUnavailable(
                "this worker has no volume: set TTS_VOLUME_DIR, or use 'auto' or 'inline'", field="delivery"
            )

    def deliver(self, audio: bytes, *, extension: str, rest_bytes: int) -> Destination:
        """Delivers `audio`; `rest_bytes` is the size of the reply's JSON without it.

        Raises:
            PayloadTooLarge: it does not fit into the reply, and no other way is open.
            DeliveryFailed: the volume failed.

        """
        needed, limit = inline_size(len(audio)) + rest_bytes, inline_limit(self.job_id)
        if self.choice != "volume" and needed <= limit:
            return inline(audio)
        if self.choice != "inline" and self.volume_dir is not None:
            return to_volume(audio, self.volume_dir, extension)
        raise PayloadTooLarge(
            f"the reply would be {needed} bytes and the platform carries {limit} for this call: ask for a smaller "
            "format (mp3, opus), send less text"
            + ("" if self.volume_dir is None else ", or use 'delivery': 'auto' to have it stored on the volume"),
            field="delivery",
        )
