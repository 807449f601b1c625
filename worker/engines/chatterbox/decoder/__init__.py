"""The decoder: text and a voice become speech tokens, for many utterances at once."""
