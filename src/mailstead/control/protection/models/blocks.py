"""Whose log-ins nodes refuse, and what was lifted of it, as rows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class LoginBlock(models.Model):
    """Log-ins of a client, or of strangers at an account, that a node refuses for a while."""

    server = models.CharField(max_length=63)
    client = models.CharField(max_length=45, blank=True)
    """Network address or IPv6 network; empty: strangers from everywhere."""
    account = models.CharField(max_length=320, blank=True)
    """As it was typed, there or not; empty: every one at which the client is not known."""
    reason = models.CharField(max_length=10)
    """`wire.protection.BlockReason`."""
    since = models.DateTimeField()
    until = models.DateTimeField()
    count = models.IntegerField(default=0)
    """Log-ins that were refused for it."""
    ended = models.DateTimeField(null=True)
    end = models.CharField(max_length=7, blank=True)
    """`over`: its time was, `lifted`."""
    ended_by = models.CharField(max_length=280, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["server", "client", "account"],
                name="login_block_once",
                condition=Q(ended=None),
            ),
        ]
        indexes = [
            models.Index(fields=["client", "account"], name="login_block_client"),
            models.Index(fields=["account"], name="login_block_account"),
            models.Index(fields=["since", "id"], name="login_block_since"),
            models.Index(fields=["until"], name="login_block_until", condition=Q(ended=None)),
            models.Index(fields=["ended"], name="login_block_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.client or '*'} → {self.account or '*'}"


class BlockLift(models.Model):
    """What a node has to know of blocks that were lifted; for some days."""

    server = models.CharField(max_length=63)
    client = models.CharField(max_length=45, blank=True)
    account = models.CharField(max_length=320, blank=True)
    at = models.DateTimeField()
    owner = models.BooleanField(default=False)
    """Whose account it is has said so from there."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "client", "account"], name="block_lift_once"),
        ]
        indexes = [models.Index(fields=["at"], name="block_lift_at")]

    def __str__(self) -> str:
        return f"{self.client or '*'} → {self.account or '*'}"
