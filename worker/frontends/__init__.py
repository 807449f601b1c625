"""Front ends: how jobs reach the worker and replies leave it."""
