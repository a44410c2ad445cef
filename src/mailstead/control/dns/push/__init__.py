"""Publishing a domain's records at its DNS host, with a token that its owner lends for the moment.

`plan` says what would change, `hand` reads and writes the zone in a process of its own, `services`
keeps what was planned and what was done, so that it can be taken back (docs/decisions/0032).
"""
