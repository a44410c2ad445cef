"""What goes to the old server again after a move was taken back."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from mailstead.control.hosting.models import Mailbox
from mailstead.control.moves.models.moves import Move


class BringBack(models.Model):
    """What has come into one mailbox since the switch; its number is the job's of the wire."""

    move = models.ForeignKey(Move, on_delete=models.CASCADE, related_name="returns")
    mailbox = models.ForeignKey(
        Mailbox, null=True, on_delete=models.SET_NULL, related_name="returns"
    )
    server = models.CharField(max_length=63)
    """On which node the mailbox is."""
    address = models.CharField(max_length=320)
    host = models.CharField(max_length=253)
    """The old mail server, or `mx`."""
    since = models.DateTimeField()
    """From when on mail arrived here."""
    round = models.IntegerField(default=1)
    anew = models.BooleanField(default=False)
    """In this round what the old server has refused is tried once more."""
    wanted = models.BooleanField(default=True)
    """The node goes on knowing it, and keeps its file."""
    state = models.CharField(max_length=9, default="waiting")
    """`wire.moves.BringBackState`."""
    arrived = models.BigIntegerField(default=0)
    saved = models.BigIntegerField(default=0)
    returned = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    kept = models.BigIntegerField(default=0)
    """Messages in the file of what is not at the old server."""
    kept_octets = models.BigIntegerField(default=0)
    words = models.TextField(blank=True)
    seconds = models.FloatField(default=0.0)
    known = models.BigIntegerField(default=-1)
    """How many messages the finished round before had found; -1: there was none."""
    settled = models.BooleanField(default=False)
    """A later look has found nothing more."""
    tries = models.IntegerField(default=0)
    """Rounds one after another in which the old server wanted to be asked later."""
    due_at = models.DateTimeField(null=True)
    """When the next round begins; None: not by itself."""
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["move", "address"], name="bring_back_once"),
        ]
        indexes = [
            models.Index(fields=["server"], name="bring_back_wanted", condition=Q(wanted=True)),
            models.Index(fields=["due_at"], name="bring_back_due"),
        ]

    def __str__(self) -> str:
        return f"{self.address} ({self.state})"
