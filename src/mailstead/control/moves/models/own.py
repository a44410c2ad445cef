"""Moves between own servers: which domains, how far their change of home is, and how nodes meet."""

from __future__ import annotations

from django.db import models

from mailstead.control.moves.models.moves import Move


class OwnMove(models.Model):
    """What a move between own servers has besides."""

    move = models.OneToOneField(Move, on_delete=models.CASCADE, related_name="own")
    source = models.CharField(max_length=63)
    """Name of the server on which its domains were at home."""
    target = models.CharField(max_length=63)
    domains = models.JSONField(default=list)
    """Their numbers, targets of aliases before the aliases."""
    phase = models.CharField(max_length=4, blank=True)
    """Of a change of home: `near` (a round while mail is delivered), `held` (both nodes are to
    hear that it waits), `last` (the round meanwhile); empty: none is under way."""
    back = models.BooleanField(default=False)
    """The change leads to where they came from."""
    phase_at = models.DateTimeField(null=True)
    held_at = models.DateTimeField(null=True)
    bound = models.PositiveIntegerField(default=300)
    """Seconds for which mail may wait."""
    marks = models.JSONField(default=dict)
    """Server to the revision of its feed that tells of the hold."""
    words = models.CharField(max_length=400, blank=True)
    """Why the last change of home did not come about."""
    held_seconds = models.FloatField(default=0.0)
    """For how long mail waited at the last one."""
    left = models.BooleanField(default=False)
    """The server that is no longer the home has forgotten the domains."""

    def __str__(self) -> str:
        return f"{self.source} → {self.target}"


class NodeDoor(models.Model):
    """Where a node lets others of ours in by doveadm, as it has told; `port` 0: it does not."""

    server = models.CharField(max_length=63, primary_key=True)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    addresses = models.JSONField(default=list)
    """From which it connects to others."""
    certificate = models.TextField(blank=True)
    """PEM, of a node whose certificate no authority vouches for."""
    sealed = models.TextField()
    """Its password, encrypted with the panel's own key."""
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.server} at {self.host}:{self.port}"
