"""Voices: files, ids and lookup; knows nothing of what the arrays mean."""
