"""Forms of hosting."""
