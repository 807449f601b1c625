"""A worker of a few lines that speaks the wire format by hand, one request at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import requests

from tests.platform.control_plane import API_KEY, ENDPOINT_ID, ControlPlane

TIMEOUT_SEC = 10


@dataclass(frozen=True, slots=True)
class RawWorker:
    platform: ControlPlane
    name: str = "raw"

    def take(self) -> dict[str, Any] | None:
        """The next job, if there is one within the poll."""
        reply = self._get(f"job-take/{self.name}?gpu=LOCAL&job_in_progress=0")
        return reply.json() if reply.status_code == 200 else None

    def take_batch(self, count: int) -> list[dict[str, Any]]:
        reply = self._get(f"job-take-batch/{self.name}?gpu=LOCAL&batch_size={count}")
        return reply.json() if reply.status_code == 200 else []

    def stops(self) -> list[str]:
        reply = self._get(f"job-stop/{self.name}?gpu=LOCAL")
        return reply.json()["jobsToStop"] if reply.status_code == 200 else []

    def done(self, job_id: str, body: object, *, key: str = API_KEY) -> int:
        """The status of the reply; a body that is not bytes is sent as JSON."""
        return self._post(f"job-done/{self.name}/{job_id}?gpu=LOCAL&isStream=false", body, key)

    def stream(self, job_id: str, body: object) -> int:
        return self._post(f"job-stream/{self.name}/{job_id}?gpu=LOCAL&isStream=false", body, API_KEY)

    def _get(self, path: str) -> requests.Response:
        url = f"{self.platform.url}/{ENDPOINT_ID}/{path}"
        reply = requests.get(url, headers={"Authorization": API_KEY}, timeout=TIMEOUT_SEC)
        reply.raise_for_status()
        return reply

    def _post(self, path: str, body: object, key: str) -> int:
        url = f"{self.platform.url}/{ENDPOINT_ID}/{path}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return requests.post(url, data=data, headers={"Authorization": key}, timeout=TIMEOUT_SEC).status_code
