"""What other mail servers report about mail in our domains' names, as rows."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from mailstead.control.hosting.models import Domain


class ReportMail(models.Model):
    """A message with a report that has come and is to be read by the worker."""

    server = models.CharField(max_length=63)
    kind = models.CharField(max_length=9)
    """`wire.events.ReportKind`."""
    received = models.DateTimeField()
    raw = models.BinaryField()
    tries = models.IntegerField(default=0)
    words = models.CharField(max_length=300, blank=True)
    """Why it could not be read; empty: it waits."""
    sender = models.CharField(max_length=253, blank=True)
    """Whose it says it is, of one that could not be read."""

    class Meta:
        indexes = [models.Index(fields=["words", "id"], name="report_mail_waits")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.received:%Y-%m-%d}"


class Report(models.Model):
    """One report about one domain: a claim of who says to have sent it."""

    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="reports")
    kind = models.CharField(max_length=9)
    sender = models.CharField(max_length=253)
    """Domain of the message's author."""
    proven = models.BooleanField()
    """Our own node found the message signed by that domain."""
    reporter = models.CharField(max_length=200)
    """The organisation, as the report names it."""
    number = models.CharField(max_length=250)
    """The report's own."""
    begin = models.DateTimeField()
    end = models.DateTimeField()
    day = models.DateField()
    """On which the time it tells of began (UTC)."""
    received = models.DateTimeField(default=timezone.now, db_index=True)
    policy = models.JSONField(default=dict)
    """DMARC: what it says the domain has published."""
    complete = models.BooleanField(default=True)
    """False: it had more rows than are kept."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "kind", "sender", "number"], name="report_once"
            ),
        ]
        indexes = [models.Index(fields=["domain", "kind", "day"], name="report_of_day")]

    def __str__(self) -> str:
        return f"{self.reporter}, {self.day}"


class DmarcRow(models.Model):
    """Messages from one address that fared alike, as one report tells."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="dmarc_rows")
    source = models.CharField(max_length=45)
    count = models.BigIntegerField()
    disposition = models.CharField(max_length=12)
    dkim = models.BooleanField()
    """A signature of the domain was good (RFC 7489 §3.1.1)."""
    spf = models.BooleanField()
    """The address was permitted by the domain."""
    header_from = models.CharField(max_length=253)
    envelope_from = models.CharField(max_length=253, blank=True)
    signatures = models.JSONField(default=list)
    """Domain, selector and result of each."""
    reason = models.CharField(max_length=100, blank=True)
    """Why the receiver did something else than the policy asks for."""

    def __str__(self) -> str:
        return f"{self.source}: {self.count}"


class TlsRow(models.Model):
    """Sessions under one policy, as one report tells."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="tls_rows")
    policy = models.CharField(max_length=20)
    """`tlsa`, `sts` or `no-policy-found`."""
    hosts = models.JSONField(default=list)
    successful = models.BigIntegerField()
    failed = models.BigIntegerField()
    failures = models.JSONField(default=list)
    """Kind, count, host, address and reason of each way in which sessions failed."""

    def __str__(self) -> str:
        return f"{self.policy}: {self.successful} and {self.failed}"
