"""Our watermark, and Perth's own to compare with."""

from __future__ import annotations

import perth
import pytest

from worker.engines.chatterbox.watermark.watermark import Watermark


@pytest.fixture(scope="session")
def upstream() -> perth.PerthImplicitWatermarker:
    marker = perth.PerthImplicitWatermarker()
    marker.perth_net.eval().requires_grad_(requires_grad=False)
    return marker


@pytest.fixture(scope="session")
def watermark() -> Watermark:
    return Watermark()
