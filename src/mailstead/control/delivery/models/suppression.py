"""Recipients to whom a mailbox does not write for a while, and complaints about its mail, as rows.

Owners are kept as numbers, as in the log: a row outlives what it is about.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Suppression(models.Model):
    """A recipient who is not there, as one mailbox has found out more than once."""

    server = models.CharField(max_length=63)
    customer = models.BigIntegerField()
    domain = models.BigIntegerField()
    mailbox = models.BigIntegerField()
    address = models.CharField(max_length=320)
    """The mailbox's own."""
    recipient = models.CharField(max_length=320)
    since = models.DateTimeField()
    until = models.DateTimeField()
    turn = models.IntegerField(default=1)
    """The how manieth for this pair; each lasts longer."""
    reply = models.CharField(max_length=500, blank=True)
    """The last one of the recipient's server."""
    relay = models.CharField(max_length=253, blank=True)
    dsn = models.CharField(max_length=11, blank=True)
    ended = models.DateTimeField(null=True)
    end = models.CharField(max_length=10, blank=True)
    """`released`, `expired`, `delivered`: somebody reached them, `removed`: the mailbox is."""
    ended_by = models.CharField(max_length=280, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "recipient"],
                name="suppressed_once",
                condition=Q(ended=None),
            ),
        ]
        indexes = [
            models.Index(fields=["mailbox", "since", "id"], name="suppression_mailbox"),
            models.Index(fields=["customer", "since", "id"], name="suppression_customer"),
            models.Index(fields=["recipient"], name="suppression_recipient"),
            models.Index(fields=["until"], name="suppression_until", condition=Q(ended=None)),
        ]

    def __str__(self) -> str:
        return f"{self.address} → {self.recipient}"


class Complaint(models.Model):
    """Somebody elsewhere called a message of ours spam, or their provider did (RFC 5965)."""

    digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the report, so that one that comes twice counts once."""
    received = models.DateTimeField()
    kind = models.CharField(max_length=40)
    """`abuse`, `fraud`, `not-spam` …, as the report says."""
    reporter = models.CharField(max_length=253, blank=True)
    """The domain of who reported, or the program."""
    recipient = models.CharField(max_length=320, blank=True)
    """Who complained; empty: the report does not tell."""
    source = models.CharField(max_length=45, blank=True)
    """The network address that sent the message, as the report says."""
    message_id = models.CharField(max_length=250, blank=True)
    delivery = models.BigIntegerField(null=True)
    """The row of the log that it is about; None: no message that we know."""
    customer = models.BigIntegerField(null=True)
    domain = models.BigIntegerField(null=True)
    mailbox = models.BigIntegerField(null=True)
    order = models.BigIntegerField(null=True)
    """Number of the order by which the guard of the mailbox's node was told last."""
    guard_due = models.DateTimeField(null=True)
    """When it is seen to that the guard was told; None: it was, or need not be."""

    class Meta:
        indexes = [
            models.Index(
                fields=["guard_due"],
                name="complaint_untold",
                condition=Q(guard_due__isnull=False),
            ),
            models.Index(fields=["mailbox", "received", "id"], name="complaint_mailbox"),
            models.Index(fields=["customer", "received", "id"], name="complaint_customer"),
            models.Index(fields=["received", "id"], name="complaint_all"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.message_id}"
