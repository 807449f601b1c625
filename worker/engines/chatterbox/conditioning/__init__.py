"""What Chatterbox needs of a voice: derived from its recording, kept in its file, and held while it is spoken with."""
