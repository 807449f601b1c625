"""Delivery: how finished audio reaches the caller."""
