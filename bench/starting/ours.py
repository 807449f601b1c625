"""The worker's engine, from its checkpoint to the first audio."""

from __future__ import annotations

import argparse
import logging

from bench.speaking.ours import Ours
from bench.starting.stamp import stamp
from worker.engines.chatterbox.engine import Chatterbox
from worker.engines.chatterbox.member import MEMBERS
from worker.engines.chatterbox.model import Model
from worker.settings import Settings


def start(given: argparse.Namespace) -> None:
    """Loads the member, makes its voice ready, and says an utterance live."""
    logging.disable(logging.WARNING)
    settings = Settings(
        models_dir=given.models, device=given.device, precision=given.precision, batch_size=given.utterances
    )
    model = Model.load(MEMBERS[given.member], settings)
    stamp("checkpoint")
    engine = Chatterbox(model, batch_size=given.utterances, limit=lambda _: given.tokens)
    side = Ours(engine)
    stamp("ready")
    clips = iter(engine.submit(side.utterance(side.voice, live=True)))
    next(clips)
    stamp("first audio")
    for _ in clips:
        pass
    stamp("utterance")
    engine.close()
