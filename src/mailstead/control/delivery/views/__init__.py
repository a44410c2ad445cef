"""Pages of delivery: each fetches through the actor, calls one service, and answers."""
