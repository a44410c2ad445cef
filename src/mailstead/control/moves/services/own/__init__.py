"""Moves between own servers."""
