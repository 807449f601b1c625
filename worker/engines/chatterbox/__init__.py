"""Chatterbox: a family of models that speak in the voice of a short recording."""
