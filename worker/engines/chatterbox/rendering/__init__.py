"""Rendering: speech tokens become sound in a voice, and sound is marked as synthetic."""
