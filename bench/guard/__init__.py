"""The guard measured: how fast it counts (`rate`), and what it holds and what it lets go
(`python -m bench.guard`), on simulated mailboxes and attacks, beside the methods of others."""
