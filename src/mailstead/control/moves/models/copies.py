"""Copies of mail that nodes make for moves."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from mailstead.control.hosting.models import Mailbox, Server
from mailstead.control.moves.models.moves import Move


class CopyPace(models.Model):
    """How much a node copies at once, where somebody has said it."""

    server = models.OneToOneField(Server, on_delete=models.CASCADE, related_name="copy_pace")
    at_once = models.PositiveSmallIntegerField()
    octets_per_second = models.BigIntegerField(default=0)
    """Of all copies together; 0: no bound."""

    def __str__(self) -> str:
        return f"{self.at_once} on {self.server_id}"


class Copy(models.Model):
    """The mail of one source into one mailbox; its number is the job's of the wire."""

    move = models.ForeignKey(Move, on_delete=models.CASCADE, related_name="copies")
    mailbox = models.ForeignKey(
        Mailbox, null=True, on_delete=models.SET_NULL, related_name="copies"
    )
    server = models.CharField(max_length=63)
    """On which node it runs."""
    address = models.CharField(max_length=320)
    row = models.CharField(max_length=450)
    """Key of the plan's row whose mail it is."""
    source = models.JSONField()
    """As `wire.moves` writes it, without a password."""
    round = models.IntegerField(default=0)
    """0: not begun."""
    merge = models.BooleanField(default=False)
    wanted = models.BooleanField(default=False)
    """The node has been told of it and is to go on knowing it."""
    anew = models.BooleanField(default=False)
    """In this round everything is looked at again, and what was deleted here comes too."""
    urgent = models.BooleanField(default=False)
    """Mail waits for this round."""
    paused = models.BooleanField(default=False)
    state = models.CharField(max_length=7, default="waiting")
    """`wire.moves.CopyState`."""
    messages = models.BigIntegerField(default=0)
    messages_all = models.BigIntegerField(default=0)
    octets = models.BigIntegerField(default=0)
    octets_all = models.BigIntegerField(default=0)
    folder = models.CharField(max_length=400, blank=True)
    seconds = models.FloatField(default=0.0)
    words = models.TextField(blank=True)
    uids_kept = models.BooleanField(default=True)
    tries = models.IntegerField(default=0)
    """Rounds that have failed one after another."""
    due_at = models.DateTimeField(null=True)
    """When a failed one is tried again; None: not by itself."""
    seen_at = models.DateTimeField(null=True)
    counted_round = models.IntegerField(default=0)
    """The round after which source and mailbox were last counted."""
    source_count = models.JSONField(default=list)
    """As `wire.moves.FolderCount` writes it; the next one too."""
    target_count = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["move", "row"], name="copy_once"),
        ]
        indexes = [
            models.Index(fields=["server"], name="copy_wanted", condition=Q(wanted=True)),
            models.Index(fields=["due_at"], name="copy_due", condition=Q(state="failed")),
        ]

    def __str__(self) -> str:
        return f"{self.address} ({self.state})"
