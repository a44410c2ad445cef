"""unbound: the node's own resolver, on loopback only."""
