"""Fetching: the one way this worker reads a URL that a caller gave."""
