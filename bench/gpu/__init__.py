"""Every table that a GPU is needed for, by one command: `python -m bench.gpu`. It needs torch, and little else."""
