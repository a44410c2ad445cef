"""Moves, for programs."""

from mailstead.control.moves.api import sources
from mailstead.control.moves.api.moves import router

__all__ = ["router", "sources"]
