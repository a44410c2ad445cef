"""How receivers answer, as rows: attempts of a day by what became of them."""

from __future__ import annotations

from django.db import models

COUNTS = ("accepted", "reputation", "rate", "content", "policy", "other")
"""What an attempt ended with; each a column of `ReceiverDay`. `other` says nothing of us: the
mailbox is full, does not exist, the server is away."""


class ReceiverDay(models.Model):
    """Attempts of one node by one way at one receiver on a day (UTC), for one recipient each."""

    server = models.CharField(max_length=63)
    source = models.CharField(max_length=24)
    """As `wire.events.AttemptSeen`."""
    receiver = models.CharField(max_length=253)
    day = models.DateField()
    accepted = models.BigIntegerField(default=0)
    reputation = models.BigIntegerField(default=0)
    """Refused for the sending address."""
    rate = models.BigIntegerField(default=0)
    """Refused because it came too fast."""
    content = models.BigIntegerField(default=0)
    """Refused for what was in it."""
    policy = models.BigIntegerField(default=0)
    """Refused by a rule of the receiver's, for instance about authentication."""
    other = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "server", "source", "receiver"], name="receiver_day_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} at {self.receiver}, {self.day}"
