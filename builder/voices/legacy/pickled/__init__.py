"""Pickles, read by a machine that knows plain values and arrays of numbers and can do nothing else."""
