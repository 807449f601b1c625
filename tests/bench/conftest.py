"""Benchmarks load models of several kinds."""

from __future__ import annotations

from tests.letting_go import let_go

__all__ = ["let_go"]
