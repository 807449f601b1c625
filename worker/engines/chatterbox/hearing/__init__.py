"""Hearing: what Chatterbox makes of a recording: speech tokens, two embeddings of the speaker, a mel spectrogram."""
