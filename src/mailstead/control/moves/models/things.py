"""What came with mailboxes and has no place among hosting's own things."""

from __future__ import annotations

from django.db import models

from mailstead.control.hosting.models import Mailbox
from mailstead.control.moves.models.moves import Move


class Webmail(models.Model):
    """Address book and senders of a mailbox, as its old webmail had them."""

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, related_name="webmail")
    move = models.ForeignKey(Move, null=True, on_delete=models.SET_NULL, related_name="webmails")
    found = models.TextField()
    """`foreign.inventory.Webmail` as JSON."""
    contacts = models.IntegerField(default=0)
    identities = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"webmail of {self.mailbox_id}"


class KeptText(models.Model):
    """A filter or script as found, for whoever writes it anew."""

    move = models.ForeignKey(Move, on_delete=models.CASCADE, related_name="texts")
    row = models.CharField(max_length=450)
    address = models.CharField(max_length=320, blank=True)
    text = models.TextField()
    script = models.TextField(blank=True)
    """What it was translated to; empty: it was not."""
    remarks = models.JSONField(default=list)
    """What differs, as sentences."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["move", "row"], name="kept_text_once")]

    def __str__(self) -> str:
        return f"{self.row} of {self.move_id}"
