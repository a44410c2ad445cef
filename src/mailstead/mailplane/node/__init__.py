"""One node: its home directory, its processes, its agent."""
