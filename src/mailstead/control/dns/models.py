"""What the DNS of each domain was like when it was last looked at."""

from __future__ import annotations

from django.db import models

from mailstead.control.hosting.models import Customer, Domain, Server


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


class Zone(models.Model):
    """A DNS zone that is served here, a feature in its last phase (docs/decisions/0033)."""

    class Delegation(models.TextChoices):
        """Whether the world asks us for it: what the servers of the zone above say.

        `partly`: our servers and others; `unknown`: nothing could be learnt.
        """

        HERE = "here"
        PARTLY = "partly"
        ELSEWHERE = "elsewhere"
        NOWHERE = "nowhere"
        UNKNOWN = "unknown"

    name = models.CharField(max_length=253, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="zones")
    server = models.ForeignKey(Server, on_delete=models.PROTECT, related_name="zones")
    primary = models.CharField(max_length=253)
    """The server that its SOA names, without the last dot."""
    contact = models.CharField(max_length=253)
    serial = models.BigIntegerField()
    """Of the SOA; rises with each change."""
    delegation = models.CharField(
        max_length=9, choices=Delegation.choices, default=Delegation.UNKNOWN
    )
    delegation_since = models.DateTimeField(null=True)
    """Since when it is so."""
    delegated_to = models.JSONField(default=list)
    """Names of the servers that the zone above names."""
    looked_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, db_index=True)
    """When the delegation is looked at next; None: as soon as possible."""
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ZoneRecord(models.Model):
    """One record of a zone that is served here; the SOA is the zone's own."""

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="records")
    name = models.CharField(max_length=253)
    """Whole, in lower case, without the last dot."""
    type = models.CharField(max_length=10)
    ttl = models.PositiveIntegerField()
    value = models.TextField()
    """In presentation format (RFC 1035 §5.1), names in it whole and with a dot."""

    class Meta:
        indexes = [models.Index(fields=["zone", "name", "type"], name="record_by_name")]


class MailPolicy(models.Model):
    """What a domain's owner has chosen about MTA-STS; no row: as the house has it."""

    domain = models.OneToOneField(Domain, on_delete=models.CASCADE, related_name="mail_policy")
    mode = models.CharField(max_length=7)
    """`none`, `testing` or `enforce`."""
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.mode
