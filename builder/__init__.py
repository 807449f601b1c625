"""Offline tools: dependencies, models and voices."""
