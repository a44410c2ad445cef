"""The delivery log: what became of every message, for whom, in plain words."""
