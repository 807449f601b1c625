"""How much a file of an older worker may hold: far above any recording of a speaker, far below any memory."""

from __future__ import annotations

MAX_COMPRESSED_BYTES = 64 << 20
"""Of a gzip or zip file as it lies on disk."""
MAX_RAW_BYTES = 256 << 20
"""Of a file that is not compressed, or of what a compressed one unfolds to: ten minutes of float64 at 48 kHz."""
MAX_RATIO = 200
"""What a zip file unfolds to, over what it takes on disk; recorded speech reaches about 10."""
MAX_ZIP_ENTRIES = 64
MAX_PICKLE_INSTRUCTIONS = 100_000
"""A recording with a few plain values takes about a hundred."""
MAX_PICKLE_TEXT_BYTES = 64 << 20
"""In one file. Before protocol 3 arrays are written as text, and a character takes up to four bytes in memory."""
MAX_CATALOG_BYTES = 1 << 20
MAX_DURATION_SEC = 600
MIN_SAMPLE_RATE = 4_000
"""Hertz."""
MAX_SAMPLE_RATE = 96_000
"""Hertz."""
