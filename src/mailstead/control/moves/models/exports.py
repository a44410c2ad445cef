"""Exports of our own: a customer, or one domain, as an archive that is kept for some days."""

from __future__ import annotations

from django.db import models

from mailstead.control.hosting.models import Customer


class Export(models.Model):
    """One archive, asked for, being made, or there to be fetched."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="exports")
    domain = models.CharField(max_length=253, blank=True)
    """Only this one; empty: all of the customer's."""
    with_mail = models.BooleanField(default=False)
    state = models.CharField(max_length=8, default="waiting")
    """`waiting`, `making`, `stopped`, `done`, `failed`."""
    words = models.CharField(max_length=1000, blank=True)
    """Why it failed, or what it waits for."""
    octets = models.BigIntegerField(default=0)
    """Of mail that is packed."""
    octets_all = models.BigIntegerField(default=0)
    """About how much there is."""
    messages = models.BigIntegerField(default=0)
    address = models.CharField(max_length=320, blank=True)
    """Of the mailbox that is packed now."""
    name = models.CharField(max_length=255, blank=True)
    """Of the file, once it is whole."""
    size = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=280)
    asked_at = models.DateTimeField(null=True)
    """When the node was last asked to pack the mail."""
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return self.name or f"export {self.pk}"

    @property
    def percent(self) -> int:
        """How far it is, from 0 to 100."""
        if self.state == "done":
            return 100
        return min(99, 100 * self.octets // self.octets_all) if self.octets_all else 0
