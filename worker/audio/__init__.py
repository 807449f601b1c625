"""Audio: clips, and what is done to them between an engine and a delivery."""
