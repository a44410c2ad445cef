"""What the DNS of each domain was like when it was last looked at."""

from __future__ import annotations

from django.db import models

from mailstead.control.hosting.models import Domain


class Check(models.Model):
    """The last look at a domain's DNS."""

    domain = models.OneToOneField(Domain, on_delete=models.CASCADE, related_name="dns_check")
    at = models.DateTimeField()
    trouble = models.CharField(max_length=20, blank=True)
    """What stood in the way (`answers.Trouble`); empty: nothing."""
    zone = models.CharField(max_length=253, blank=True)
    servers = models.JSONField(default=list)
    """Names of the zone's servers."""
    records = models.JSONField(default=list)
    """A `queries.Kept` for each record, as msgspec writes it."""


class Push(models.Model):
    """A plan to change a zone at its DNS host, and what became of it; it holds no secret."""

    class State(models.TextChoices):
        """`applying`: begun and not known to have ended."""

        PLANNED = "planned"
        APPLYING = "applying"
        APPLIED = "applied"
        FAILED = "failed"

    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="dns_pushes")
    provider = models.CharField(max_length=40)
    server = models.CharField(max_length=300, blank=True)
    """The customer's own, where the host is one."""
    zone = models.CharField(max_length=253)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PLANNED)
    words = models.CharField(max_length=1000, blank=True)
    """Why it failed."""
    undoes = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="undone")
    changes = models.JSONField(default=list)
    """A `push.plan.Change` for each record set; the replaced records are kept here."""
    chosen = models.JSONField(default=list)
    """`Change.key` of those that were made."""
    marks = models.JSONField(default=dict)
    """`push.records.Rrset.mark` of the whole zone when it was planned."""
    person = models.CharField(max_length=320, blank=True)
    planned_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    """When the zone's own servers were first seen to answer so."""

    class Meta:
        indexes = [models.Index(fields=["domain", "-id"], name="push_by_domain")]
