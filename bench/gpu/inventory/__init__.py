"""The tensors of S3Gen and of the voice encoder, by upstream's names, so that they can be drawn without its package."""
