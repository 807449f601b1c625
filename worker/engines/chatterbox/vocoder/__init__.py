"""The vocoder: mel frames become a waveform, all at once or as they come (HiFT, https://arxiv.org/abs/2309.09493)."""
