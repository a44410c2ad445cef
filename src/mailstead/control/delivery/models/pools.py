"""Sending addresses as rows: what the operator has set, and what the nodes tell of them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from mailstead.control.hosting.models import Server


class SendingAddress(models.Model):
    """A network address of a server from which mail leaves."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="sending_addresses")
    ipv4 = models.CharField(max_length=15, blank=True)
    ipv6 = models.CharField(max_length=45, blank=True)
    helo = models.CharField(max_length=253)
    """The name in HELO, as its PTR record says."""
    state = models.CharField(max_length=8)
    """`wire.pools.AddressState`."""
    classes = models.JSONField(default=list)
    """`wire.pools.MailClass`es."""
    warm_since = models.DateField(null=True)
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["server", "ipv4"], name="sending_ipv4", condition=~Q(ipv4="")
            ),
            models.UniqueConstraint(
                fields=["server", "ipv6"], name="sending_ipv6", condition=~Q(ipv6="")
            ),
        ]

    def __str__(self) -> str:
        return self.helo


class SendingSettings(models.Model):
    """What holds for all sending addresses of a server."""

    server = models.OneToOneField(Server, on_delete=models.CASCADE, related_name="sending_settings")
    relay_host = models.CharField(max_length=253, blank=True)
    """Empty: there is no fallback relay."""
    relay_port = models.IntegerField(default=587)
    relay_login = models.CharField(max_length=200, blank=True)
    relay_password = models.CharField(max_length=200, blank=True)
    ceilings = models.JSONField(default=list)
    """Recipients at one receiver on an address's first, second, … day; empty: the house's own."""

    def __str__(self) -> str:
        return self.relay_host


class SenderMark(models.Model):
    """The class of a sender's mail on all servers, whatever else it would be."""

    sender = models.CharField(max_length=320, unique=True)
    """An address, or `@domain`."""
    to = models.CharField(max_length=10)
    reason = models.CharField(max_length=400, blank=True)

    def __str__(self) -> str:
        return f"{self.sender}: {self.to}"


class AddressRest(models.Model):
    """One rest of an address from a receiver, as its node told it."""

    server = models.CharField(max_length=63)
    address = models.BigIntegerField()
    """Number of the `SendingAddress`, which may be gone."""
    receiver = models.CharField(max_length=253)
    kind = models.CharField(max_length=10)
    since = models.DateTimeField()
    until = models.DateTimeField()
    times = models.IntegerField(default=1)
    reply = models.CharField(max_length=500, blank=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["address", "receiver"], name="rest_of_address"),
            models.Index(fields=["since"], name="rest_since"),
        ]

    def __str__(self) -> str:
        return f"{self.address} from {self.receiver}"


class RouteChoice(models.Model):
    """From when on mail of a class to a receiver went another way, and why."""

    server = models.CharField(max_length=63)
    at = models.DateTimeField(db_index=True)
    mail_class = models.CharField(max_length=10)
    receiver = models.CharField(max_length=253)
    way = models.CharField(max_length=24)
    why = models.CharField(max_length=1000, blank=True)

    def __str__(self) -> str:
        return f"{self.mail_class} to {self.receiver}: {self.way}"


class SentCount(models.Model):
    """Recipients at a receiver for whom an address was chosen on a day (UTC)."""

    address = models.BigIntegerField()
    receiver = models.CharField(max_length=253)
    day = models.DateField()
    count = models.BigIntegerField()
    ceiling = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "address", "receiver"], name="sent_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.address} to {self.receiver}, {self.day}: {self.count}"
