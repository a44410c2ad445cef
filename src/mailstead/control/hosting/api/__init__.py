"""The API's resources of hosting: each fetches through the actor, calls one service, answers."""
