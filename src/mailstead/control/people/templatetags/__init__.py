"""Tags of people."""
