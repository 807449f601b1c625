"""The embedded engine: espeak-ng, in process, without GPU, download or audio device."""
