"""Engines: an utterance in, a take out."""
