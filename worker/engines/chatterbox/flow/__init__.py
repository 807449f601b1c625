"""The flow: speech tokens become a mel spectrogram in a voice, many clips at once and none of them padded."""
