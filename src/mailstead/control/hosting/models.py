"""What a hosting company has: servers, customers, domains, and what lies in a domain.

Removed domains and mailboxes keep their row until their grace period ends; names are unique among
the living only. Sizes are bytes, 0 means no limit; times are UTC.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class Serial(models.Model):
    """A counter whose numbers are given out once."""

    name = models.CharField(max_length=30, primary_key=True)
    last = models.BigIntegerField(default=0)


class Server(models.Model):
    """A mail node."""

    name = models.SlugField(max_length=63, unique=True)
    hostname = models.CharField(max_length=253)


class Customer(models.Model):
    """Who owns domains and pays for them."""

    name = models.CharField(max_length=120, unique=True)
    email = models.CharField(max_length=254, blank=True)
    """Contact address, outside the hosted domains."""
    quota = models.BigIntegerField(default=0)
    """Storage that all mailboxes share, bytes."""
    mailbox_limit = models.IntegerField(null=True)
    suspended = models.BooleanField(default=False)
    suspended_reason = models.TextField(blank=True)
    pool_full = models.BooleanField(default=False)
    """The mailboxes together use more than `quota`; follows from what the nodes report."""


class Domain(models.Model):
    """A hosted domain, at home on one server."""

    name = models.CharField(max_length=253, db_index=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="domains")
    server = models.ForeignKey(Server, on_delete=models.PROTECT, related_name="domains")
    suspended = models.BooleanField(default=False)
    suspended_reason = models.TextField(blank=True)
    alias_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="aliases"
    )
    forward_to = models.CharField(max_length=253, blank=True, db_index=True)
    catch_all_action = models.CharField(max_length=10, blank=True)
    catch_all_destinations = models.JSONField(default=list)
    catch_all_text = models.TextField(blank=True)
    removed_at = models.DateTimeField(null=True)
    purge_after = models.DateTimeField(null=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(removed_at=None), name="domain_name_once"
            ),
        ]


def _new_store() -> str:
    return uuid.uuid4().hex


class Mailbox(models.Model):
    """A mailbox: a log-in and a store of mail."""

    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="mailboxes")
    local = models.CharField(max_length=64)
    store = models.CharField(max_length=32, unique=True, default=_new_store)
    secret = models.CharField(max_length=255)
    credential = models.BigIntegerField()
    """Number of the password that opens sessions now; never given to another, whoever owns the
    address later."""
    quota = models.BigIntegerField(default=0)
    login_suspended = models.TextField(blank=True)
    """Why; empty: not suspended. The same holds for the next two."""
    sending_suspended = models.TextField(blank=True)
    receiving_suspended = models.TextField(blank=True)
    usage_bytes = models.BigIntegerField(default=0)
    usage_messages = models.BigIntegerField(default=0)
    removed_at = models.DateTimeField(null=True)
    purge_after = models.DateTimeField(null=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "local"],
                condition=Q(removed_at=None),
                name="mailbox_address_once",
            ),
        ]

    @property
    def address(self) -> str:
        """`local@domain`; needs the domain fetched."""
        return f"{self.local}@{self.domain.name}"


class Forwarder(models.Model):
    """Where mail to an address goes besides, or instead of, a mailbox."""

    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="forwarders")
    local = models.CharField(max_length=64)
    action = models.CharField(max_length=10)
    text = models.TextField(blank=True)
    keep_copy = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "local"], name="forwarder_once"),
        ]

    @property
    def address(self) -> str:
        """`local@domain`; needs the domain fetched."""
        return f"{self.local}@{self.domain.name}"


class Destination(models.Model):
    """One destination of a forwarder."""

    forwarder = models.ForeignKey(Forwarder, on_delete=models.CASCADE, related_name="destinations")
    address = models.CharField(max_length=320)
    domain = models.CharField(max_length=253, db_index=True)


class Autoresponder(models.Model):
    """An automatic answer for an address, with or without a mailbox."""

    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="autoresponders")
    local = models.CharField(max_length=64)
    starts = models.DateTimeField(null=True)
    ends = models.DateTimeField(null=True)
    interval = models.IntegerField()
    subject = models.CharField(max_length=500)
    body = models.TextField()
    html = models.BooleanField(default=False)
    from_name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "local"], name="autoresponder_once"),
        ]

    @property
    def address(self) -> str:
        """`local@domain`; needs the domain fetched."""
        return f"{self.local}@{self.domain.name}"


class RuleSet(models.Model):
    """A mailbox's rules, in order, as `wire.changes.Rule` writes them."""

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, related_name="rule_set")
    rules = models.JSONField()


class DkimKey(models.Model):
    """The key that signs a domain's mail (RFC 6376)."""

    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="dkim_keys")
    selector = models.CharField(max_length=63)
    private_key = models.TextField()
    public_key = models.TextField()
    """Base64 of the DER SubjectPublicKeyInfo, as the `p=` tag takes it."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "selector"], name="dkim_selector_once"),
        ]
