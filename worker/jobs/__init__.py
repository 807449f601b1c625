"""Jobs: one file per job type."""
