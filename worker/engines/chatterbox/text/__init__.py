"""An utterance's text becomes the ids that a member's T3 reads: tags, then punctuation, then tokens."""
