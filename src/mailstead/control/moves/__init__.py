"""Moves: customers brought in from elsewhere, and what becomes of each thing that they had."""
