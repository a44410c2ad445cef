"""Revisions and orders out, events and answers in: what nodes are told, and what they report."""
