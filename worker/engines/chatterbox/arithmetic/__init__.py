"""Arithmetic: in which numbers a model computes, and how its products with matrices are made."""
