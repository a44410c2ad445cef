"""Revisions out, events in: what the nodes are told, in order, and what they report."""
