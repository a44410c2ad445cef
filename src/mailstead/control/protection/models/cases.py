"""Mailboxes that looked stolen, what is kept of their mail, and what somebody has answered."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from mailstead.control.hosting.models import Mailbox


class Case(models.Model):
    """A mailbox that looks stolen, as its node says, and what became of it."""

    number = models.CharField(max_length=100, unique=True)
    """The node's own name for it, unique for ever."""
    server = models.CharField(max_length=63)
    mailbox = models.ForeignKey(
        Mailbox, null=True, on_delete=models.SET_NULL, related_name="guard_cases"
    )
    """None: it is not known here, or gone for good."""
    address = models.CharField(max_length=320)
    """The mailbox's own; stays when the mailbox goes."""
    step = models.CharField(max_length=9, default="hold")
    """`wire.protection.CaseStep`, as the node said last."""
    watched = models.BooleanField(default=False)
    """The node only looks: nothing is held for it and nobody is written to."""
    opened = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    """Of the newest that the node told; None: so far only of a kept message."""
    nats = models.FloatField(default=0.0)
    bound = models.FloatField(default=0.0)
    """From so many nats on it counts as stolen."""
    clues = models.JSONField(default=list)
    """As `wire.protection.Clue` writes them, the heaviest first."""
    clients = models.JSONField(default=list)
    """As `wire.protection.ClientSeen` writes them, the newest first."""
    messages = models.IntegerField(default=0)
    """Suspicious ones that got out."""
    recipients = models.IntegerField(default=0)
    """Of those."""
    held = models.IntegerField(default=0)
    """Messages that were kept, as the node counts them."""
    evidence = models.JSONField(default=list)
    """Time (ISO 8601), nats and step, the oldest first; bounded."""
    state = models.CharField(max_length=9, default="open")
    """`open`: nobody has answered; `released`; `confirmed`; `closed`: over without an answer."""
    decided_by = models.CharField(max_length=280, blank=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=400, blank=True)
    recorded_at = models.DateTimeField()
    """When it was first heard of here."""
    told_at = models.DateTimeField(null=True)
    """When customer and operator were written to."""
    reminded_at = models.DateTimeField(null=True)
    """When somebody was last reminded of messages that wait."""

    class Meta:
        indexes = [
            models.Index(fields=["mailbox", "-opened"], name="case_mailbox"),
            models.Index(fields=["-opened", "-id"], name="case_opened"),
            models.Index(fields=["address"], name="case_address"),
            models.Index(
                fields=["recorded_at"], name="case_untold", condition=Q(told_at=None, watched=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} ({self.number})"


class KeptMessage(models.Model):
    """A message in a node's hold queue that waits for somebody's word."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="kept")
    server = models.CharField(max_length=63)
    queue = models.CharField(max_length=24)
    """Its number in the node's queue."""
    kept_at = models.DateTimeField()
    taken = models.DateTimeField()
    sender = models.CharField(max_length=320, blank=True)
    recipients = models.JSONField(default=list)
    """The first ones."""
    recipient_count = models.IntegerField(default=0)
    size = models.BigIntegerField(default=0)
    subject = models.CharField(max_length=250, blank=True)
    client = models.CharField(max_length=45, blank=True)
    pulled = models.BooleanField(default=False)
    """It was on its way already and was taken back."""
    decision = models.CharField(max_length=6, default="none")
    """`none`, `send`, `delete`."""
    decided_by = models.CharField(max_length=280, blank=True)
    decided_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=7, default="waiting")
    """`waiting`, `sent`: the node lets it go on, `deleted`, `gone`: the node has it no more."""
    order = models.BigIntegerField(null=True)
    """Number of the order to the node that is under way."""
    tries = models.IntegerField(default=0)
    """Orders that came to nothing."""
    due_at = models.DateTimeField(null=True)
    """When the node is asked again; None: at once."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "queue"], name="kept_once"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="kept_unsettled",
                condition=Q(state="waiting") & ~Q(decision="none"),
            ),
            models.Index(fields=["case", "id"], name="kept_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.queue} at {self.server}"


class GuardWord(models.Model):
    """The newest answer about a mailbox, which its node has to know."""

    server = models.CharField(max_length=63)
    address = models.CharField(max_length=320)
    mailbox = models.BigIntegerField(null=True)
    """Number of the mailbox that it is about; a later one of the address is another."""
    word = models.CharField(max_length=9)
    """`wire.protection.GuardWord`."""
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "address"], name="guard_word_once"),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.word}"
