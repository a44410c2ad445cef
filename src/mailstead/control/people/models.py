"""The audit trail: one row for each thing done, by whom, to what, from what to what."""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """One act. Rows are only ever added; secrets are masked before they get here."""

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=120)
    verb = models.CharField(max_length=60)
    """`mailbox.create`, `domain.suspend`, …"""
    kind = models.CharField(max_length=30)
    """What it was done to: `mailbox`, `domain`, …"""
    label = models.CharField(max_length=320)
    """The object as people call it: its address or name."""
    object_id = models.BigIntegerField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=400, blank=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "label"], name="audit_by_object")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor} {self.verb} {self.label}"
