"""Fetching checkpoints from the Hugging Face Hub, held to their commit, sizes and hashes."""
