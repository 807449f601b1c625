"""Recordings of a speaker: what is wrong with them, and which part of them makes the best reference."""
