"""Knot DNS: serves the zones of customers who still have their DNS here."""
