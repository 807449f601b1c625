"""Offline tool: a library of voices."""
