"""Redis 7: the spam filter's memory; mail flows without it."""
