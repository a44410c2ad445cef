"""Old panels' host names that lead here after a switch, and who still comes by them."""

from __future__ import annotations

from django.db import models

from mailstead.control.moves.models.moves import Move


class Redirect(models.Model):
    """One host name of an old panel; all of its old ports and paths go with it."""

    move = models.ForeignKey(Move, on_delete=models.CASCADE, related_name="redirects")
    server = models.CharField(max_length=63)
    """Which node answers."""
    domain = models.CharField(max_length=253, blank=True)
    """The moved domain to which it belongs."""
    host = models.CharField(max_length=253, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.host


class RedirectUse(models.Model):
    """How often somebody came by one old address of a host name."""

    redirect = models.ForeignKey(Redirect, on_delete=models.CASCADE, related_name="uses")
    via = models.CharField(max_length=40)
    """As `wire.events.RedirectUsed`."""
    hits = models.BigIntegerField(default=0)
    last_seen = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["redirect", "via"], name="redirect_use_once"),
        ]

    def __str__(self) -> str:
        return f"{self.via}: {self.hits}"


class OldPort(models.Model):
    """A port of old panels that a node wants for redirects and cannot have."""

    server = models.CharField(max_length=63)
    port = models.PositiveIntegerField()
    holder = models.CharField(max_length=200)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "port"], name="old_port_once"),
        ]

    def __str__(self) -> str:
        return f"{self.port} of {self.server}"
