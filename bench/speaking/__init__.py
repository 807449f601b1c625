"""Text to sound, our engine beside upstream's package: what `bench.chatterbox` measures, table by table."""
