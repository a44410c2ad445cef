"""The load generator: SMTP sessions as mail programs hold them, counted and timed."""
