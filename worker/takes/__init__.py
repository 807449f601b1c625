"""Takes: what happens to an utterance on its way to an engine and back."""
