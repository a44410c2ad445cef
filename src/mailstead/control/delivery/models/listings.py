"""DNS lists that name an address or a name of ours, as rows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Listing(models.Model):
    """A list named a subject from `since` until `ended`; open while `ended` is None."""

    server = models.CharField(max_length=63)
    """Name of the node whose address or name it is."""
    subject = models.CharField(max_length=253)
    """IPv4 or IPv6 address, or domain name."""
    zone = models.CharField(max_length=253)
    """The list (RFC 5782)."""
    answers = models.JSONField(default=list)
    """The A records that it answered with."""
    words = models.CharField(max_length=300, blank=True)
    """The list's own."""
    since = models.DateTimeField()
    ended = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["server", "subject", "zone"],
                condition=Q(ended=None),
                name="listing_open_once",
            ),
        ]
        indexes = [models.Index(fields=["ended", "since"], name="listing_by_time")]

    def __str__(self) -> str:
        return f"{self.subject} on {self.zone}"
