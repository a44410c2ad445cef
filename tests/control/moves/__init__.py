"""Moves: plan, importer, copies, parity, the way back."""
