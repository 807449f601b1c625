"""A RunPod serverless worker that turns text into speech."""

__version__ = "0.1.0"
