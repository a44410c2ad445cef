"""Old names of other panels that lead to ours."""

from __future__ import annotations

from django.db import models

from mailstead.control.moves.models.moves import Move


class Redirect(models.Model):
    """A host name of the old server that our node answers with the way to the right page."""

    move = models.ForeignKey(Move, null=True, on_delete=models.SET_NULL, related_name="redirects")
    server = models.CharField(max_length=63)
    host = models.CharField(max_length=253)
    hits = models.BigIntegerField(default=0)
    last_seen = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "host"], name="redirect_once"),
        ]

    def __str__(self) -> str:
        return self.host
