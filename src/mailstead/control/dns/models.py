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


class MailPolicy(models.Model):
    """What a domain's owner has chosen about MTA-STS; no row: as the house has it."""

    domain = models.OneToOneField(Domain, on_delete=models.CASCADE, related_name="mail_policy")
    mode = models.CharField(max_length=7)
    """`none`, `testing` or `enforce`."""
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.mode
