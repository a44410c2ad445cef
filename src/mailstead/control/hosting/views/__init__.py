"""Pages of hosting: each fetches through the actor, calls one service, and answers."""
