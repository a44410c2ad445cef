"""The delivery log as rows: messages, what became of each for whom, and every single attempt.

The rows are many (millions a day) and live for a month. No foreign key is enforced by the database
and none cascades, so that old rows go by ranges of their numbers without a look at anything else;
owners are kept as numbers, of the time at which the message came.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from mailstead.control.delivery.causes import TROUBLE

_TROUBLE = Q(state__in=TROUBLE)


class Message(models.Model):
    """One message in one node's queue."""

    server = models.CharField(max_length=63)
    queue = models.CharField(max_length=24)
    at = models.DateTimeField()
    direction = models.CharField(max_length=12)
    """`wire.events.Direction`; empty: only its attempts are known."""
    message_id = models.CharField(max_length=250, blank=True)
    """Without angle brackets; as the sender chose it."""
    subject = models.CharField(max_length=16, blank=True)
    """Keyed hash of its subject (`standards.subject`); empty: none was told."""
    sender = models.CharField(max_length=320, blank=True)
    client = models.CharField(max_length=45, blank=True)
    size = models.BigIntegerField(default=0)
    customer = models.BigIntegerField(null=True)
    """Whose the mailbox is that submitted it, and the next two; None: it came from elsewhere."""
    domain = models.BigIntegerField(null=True)
    mailbox = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["queue", "server"], name="message_once"),
        ]
        indexes = [
            # Not `db_index`: on PostgreSQL that makes a second one, for LIKE, which nobody asks.
            models.Index(fields=["message_id"], name="message_by_id"),
            models.Index(
                fields=["subject", "id"], name="message_subject", condition=~Q(subject="")
            ),
        ]

    def __str__(self) -> str:
        return self.queue


class Delivery(models.Model):
    """What became of a message for one recipient, as one side may see it: a line of the lists.

    The sender's owner and the recipient's owner have a row each; what belongs to nobody here has
    one as well.
    """

    message = models.ForeignKey(
        Message,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="deliveries",
    )
    """None: it was refused, so there never was a message."""
    at = models.DateTimeField()
    """When the message came; never changed."""
    side = models.CharField(max_length=4)
    """`out`: of the sender's owner, `in`: of the recipient's, `none`: of nobody here."""
    first = models.BooleanField()
    """One row for each recipient has it: who sees all sides sees these."""
    first_of_customer = models.BooleanField()
    """The same for the customer's own: mail among their domains is one line to them."""
    customer = models.BigIntegerField(null=True)
    domain = models.BigIntegerField(null=True)
    mailbox = models.BigIntegerField(null=True)
    sender = models.CharField(max_length=320, blank=True)
    recipient = models.CharField(max_length=320, blank=True)
    """Empty: the message waits for its first attempt."""
    original = models.CharField(max_length=320, blank=True)
    """The address as the sender wrote it, where it led to another one."""
    state = models.CharField(max_length=10)
    """`queued`, `refused`, or the outcome (`wire.events.Outcome`) of the last attempt."""
    updated = models.DateTimeField()
    tries = models.IntegerField(default=0)
    next_try = models.DateTimeField(null=True)
    client = models.CharField(max_length=45, blank=True)
    relay = models.CharField(max_length=253, blank=True)
    dsn = models.CharField(max_length=11, blank=True)
    reply = models.CharField(max_length=500, blank=True)
    cause = models.CharField(max_length=12, blank=True)
    """Why it failed (`causes.CAUSES`), also while it is tried again; empty: it did not."""
    folder = models.CharField(max_length=250, blank=True)
    forwarded = models.JSONField(default=list)

    class Meta:
        indexes = [
            models.Index(fields=["customer", "at", "id"], name="delivery_customer"),
            models.Index(fields=["mailbox", "at", "id"], name="delivery_mailbox"),
            models.Index(fields=["recipient", "at", "id"], name="delivery_recipient"),
            models.Index(fields=["sender", "at", "id"], name="delivery_sender"),
            models.Index(
                fields=["original", "at", "id"],
                name="delivery_original",
                condition=~Q(original=""),
            ),
            models.Index(fields=["at", "id"], name="delivery_all", condition=Q(first=True)),
            models.Index(fields=["domain", "at", "id"], name="delivery_domain"),
            # What did not go its way is a small part; it is asked for by state and class.
            models.Index(
                fields=["at", "id"], name="trouble_all", condition=_TROUBLE & Q(first=True)
            ),
            models.Index(
                fields=["customer", "at", "id"], name="trouble_customer", condition=_TROUBLE
            ),
            models.Index(
                fields=["mailbox", "at", "id"], name="trouble_mailbox", condition=_TROUBLE
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender} → {self.recipient}: {self.state}"


class Attempt(models.Model):
    """One attempt for one recipient, or something that held for all who waited."""

    message = models.ForeignKey(
        Message, on_delete=models.DO_NOTHING, db_constraint=False, related_name="attempts"
    )
    recipient = models.CharField(max_length=320, blank=True)
    """Empty: all who waited."""
    original = models.CharField(max_length=320, blank=True)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=10)
    relay = models.CharField(max_length=253, blank=True)
    dsn = models.CharField(max_length=11, blank=True)
    reply = models.CharField(max_length=500, blank=True)
    cause = models.CharField(max_length=12, blank=True)
    folder = models.CharField(max_length=250, blank=True)
    forwarded = models.JSONField(default=list)
    next_try = models.DateTimeField(null=True)
    source = models.CharField(max_length=24, blank=True)
    """By which sending address (`wire.events.AttemptSeen`)."""

    def __str__(self) -> str:
        return f"{self.recipient}: {self.outcome}"
