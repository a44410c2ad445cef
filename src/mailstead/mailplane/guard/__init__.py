"""The guard: what Postfix asks before it takes a message of our own users."""
