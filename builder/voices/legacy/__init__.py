"""The voice folders of older workers, read without running anything that is written in them."""
