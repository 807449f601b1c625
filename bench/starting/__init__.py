"""A start in a process of its own, told phase by phase: each script says when it is where."""
