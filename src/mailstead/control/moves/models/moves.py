"""A move, what was found, what is planned, and what has happened to it."""

from __future__ import annotations

from django.db import models

from mailstead.control.hosting.models import Customer, Server


class Batch(models.Model):
    """Moves that belong together: "server London"."""

    name = models.CharField(max_length=80, unique=True)
    at_once = models.PositiveSmallIntegerField(default=3)
    """How many of them copy mail at the same time."""
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Move(models.Model):
    """One account that is brought in from elsewhere, or taken from one server to another."""

    batch = models.ForeignKey(Batch, null=True, on_delete=models.SET_NULL, related_name="moves")
    customer = models.ForeignKey(
        Customer, null=True, on_delete=models.SET_NULL, related_name="moves"
    )
    """Who gets it; None: a customer who is made when the move starts."""
    old_host = models.CharField(max_length=253, blank=True)
    """The old mail server, to which mail for the domains is passed on until the switch; empty: it
    is delivered here from the start."""
    customer_name = models.CharField(max_length=120)
    server = models.ForeignKey(Server, null=True, on_delete=models.SET_NULL, related_name="moves")
    """The home server."""
    origin = models.CharField(max_length=7)
    """`files`: an archive or a tree; `imap`; `node`: another server of ours (`OwnMove`)."""
    place = models.CharField(max_length=500)
    """Where: a path on the server, or a host's name."""
    root = models.CharField(max_length=500, blank=True)
    """The directory below which its mail lies, on the home server."""
    panel = models.CharField(max_length=12, blank=True)
    account = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=9, default="draft")
    """`life.State`."""
    since = models.DateTimeField()
    paused = models.BooleanField(default=False)
    reading = models.CharField(max_length=7, blank=True)
    """`asked`, `reading`, `read`, `failed`."""
    reading_done = models.BigIntegerField(default=0)
    reading_total = models.BigIntegerField(default=0)
    reading_words = models.CharField(max_length=1000, blank=True)
    reading_at = models.DateTimeField(null=True)
    """When its reader last said that it lives."""
    answers = models.JSONField(default=dict)
    """Key of a row to what was answered."""
    job = models.BigIntegerField(null=True)
    """The one that makes everything here."""
    window_from = models.DateTimeField(null=True)
    window_until = models.DateTimeField(null=True)
    time_zone = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    """What the announcement says besides."""
    octets_per_second = models.BigIntegerField(default=0)
    """Of each copy; 0: as fast as it goes."""
    grace_until = models.DateTimeField(null=True)
    """Until when it can be taken back."""
    switched_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=280, blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=280)

    class Meta:
        indexes = [models.Index(fields=["state", "id"], name="move_state")]

    def __str__(self) -> str:
        return f"{self.account or self.place} → {self.customer_name}"


class Stock(models.Model):
    """What the reader has found, as JSON (`plan.stock`)."""

    move = models.OneToOneField(Move, on_delete=models.CASCADE, related_name="stock")
    inventory = models.TextField()
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"stock of {self.move_id}"


class SourceLogin(models.Model):
    """How mail is fetched from an IMAP server; goes when the move is over."""

    move = models.OneToOneField(Move, on_delete=models.CASCADE, related_name="login")
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    tls = models.CharField(max_length=8)
    """As `wire.moves.ImapSource`."""
    prefix = models.CharField(max_length=60, blank=True)
    verify = models.BooleanField(default=True)
    master_user = models.CharField(max_length=320, blank=True)
    sealed = models.TextField()
    """Passwords by address, encrypted with the panel's own key; `*` is the master's."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class PlanRow(models.Model):
    """One thing of the inventory: how it comes, and what became of it."""

    move = models.ForeignKey(Move, on_delete=models.CASCADE, related_name="rows")
    number = models.IntegerField()
    """Place in the order in which things are made."""
    key = models.CharField(max_length=450)
    kind = models.CharField(max_length=20)
    """One of `plan.items.KINDS`."""
    domain = models.CharField(max_length=253, blank=True)
    subject = models.CharField(max_length=1000)
    grade = models.CharField(max_length=8)
    """`plan.rows.Grade`."""
    code = models.CharField(max_length=30, blank=True)
    facts = models.JSONField(default=dict)
    choices = models.JSONField(default=list)
    makes = models.TextField(blank=True)
    octets = models.BigIntegerField(default=0)
    messages = models.BigIntegerField(default=0)
    outcome = models.CharField(max_length=8, blank=True)
    """`made`, `present`, `failed`, `left`; empty: not yet."""
    outcome_words = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["move", "key"], name="plan_row_once"),
        ]
        indexes = [models.Index(fields=["move", "number"], name="plan_row_order")]

    def __str__(self) -> str:
        return f"{self.key} of {self.move_id}"


class Came(models.Model):
    """A thing of the house that came by a move."""

    move = models.ForeignKey(Move, on_delete=models.CASCADE, related_name="things")
    kind = models.CharField(max_length=20)
    """As the audit trail calls it: `mailbox`, `forwarder`, …"""
    object_id = models.BigIntegerField()
    label = models.CharField(max_length=400)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id", "move"], name="came_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"


class Step(models.Model):
    """One act of a move's life."""

    move = models.ForeignKey(Move, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField()
    act = models.CharField(max_length=12)
    state = models.CharField(max_length=9)
    """In which it was afterwards."""
    by = models.CharField(max_length=280)
    reason = models.CharField(max_length=400, blank=True)

    def __str__(self) -> str:
        return f"{self.act} of {self.move_id}"


class Letter(models.Model):
    """Somebody was written to about a move."""

    move = models.ForeignKey(Move, on_delete=models.CASCADE, related_name="letters")
    recipient = models.CharField(max_length=320)
    about = models.CharField(max_length=10)
    """`announced`, `switched`, `back`."""
    reader = models.CharField(max_length=8)
    """`owner`, `mailbox`."""
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.about} to {self.recipient}"


class Loss(models.Model):
    """Something that somebody misses after a move."""

    move = models.ForeignKey(Move, on_delete=models.CASCADE, related_name="losses")
    at = models.DateTimeField()
    by = models.CharField(max_length=280)
    words = models.TextField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=280, blank=True)
    settled_words = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"loss of {self.move_id}"
