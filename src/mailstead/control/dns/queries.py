"""How a domain's DNS stands: the records of this moment with what the last look has found."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import msgspec
from django.conf import settings

from mailstead.control.dns import encryption
from mailstead.control.dns.compare import Expected, Note, Verdict
from mailstead.control.dns.hosts import DnsHost, host_of
from mailstead.control.dns.lookup import Way
from mailstead.control.dns.models import Check, MailPolicy
from mailstead.control.dns.night import Night
from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting.models import Domain
from mailstead.standards.mtasts import Mode


class Kept(msgspec.Struct, frozen=True):
    """A finding as it is kept, with since when its verdict holds."""

    name: str
    type: str
    value: str
    """As expected; of a record that is one too many, its own value."""
    verdict: Verdict
    code: str
    publish: str
    since: dt.datetime
    note: Note = ""
    found: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    lookups: int | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """By which it is found again."""
        return self.name, self.type, self.value

    @property
    def expected(self) -> Expected:
        """What it is about."""
        return Expected(self.name, self.type, self.value)


@dataclass(frozen=True)
class Line:
    """A record to publish, or one that is too many, and what is known about it."""

    expected: Expected
    kept: Kept | None
    """None: not looked at since it is asked for."""

    @property
    def required(self) -> bool:
        """Whether mail arrives only with it."""
        return self.expected.required and not (self.kept and self.kept.verdict == "extra")

    @property
    def publish(self) -> str:
        """The value with which all is well."""
        return self.kept.publish if self.kept else self.expected.value


@dataclass(frozen=True)
class Report:
    """A domain's DNS."""

    records: list[Line]
    """To publish."""
    others: list[Line]
    """To remove."""
    at: dt.datetime | None
    trouble: str
    zone: str
    servers: tuple[str, ...]
    host: DnsHost | None
    """Where the DNS is kept, if it is a host that we know."""


def expected_of(domain: Domain) -> list[Expected]:
    """The records that its owner publishes."""
    host = domain.server.hostname
    records = hosting.dns_records(domain)
    records += encryption.records_of(
        domain.name, host, mode_of(domain), f"{settings.MAILSTEAD.reports.tls}@{host}"
    )
    behind = hosting.texts_behind(domain)
    return [
        Expected(name, kind, value, behind.get(name, "") if kind == "CNAME" else "")
        for name, kind, value in records
    ]


def dns_records(domain: Domain) -> list[tuple[str, str, str]]:
    """The same as name, type and value."""
    return [(one.name, one.type, one.value) for one in expected_of(domain)]


def mode_of(domain: Domain) -> Mode:
    """What the domain asks of others about encryption (MTA-STS)."""
    chosen = MailPolicy.objects.filter(domain=domain).values_list("mode", flat=True).first()
    return Mode(chosen or settings.MAILSTEAD.transport.mta_sts)


def policy_text(name: str) -> str | None:
    """The MTA-STS policy of a domain, for everybody; None: it is not hosted here."""
    rows = Domain.objects.filter(name=name.lower(), proven=True, removed_at=None).select_related(
        "server"
    )
    domain = rows.first()
    if domain is None:
        return None
    return encryption.policy_of(mode_of(domain), domain.server.hostname).text()


def kept_of(check: Check | None) -> list[Kept]:
    """What the last look has found."""
    return msgspec.convert(check.records, list[Kept]) if check else []


def report(domain: Domain) -> Report:
    """A domain that was fetched through the actor."""
    check = Check.objects.filter(domain=domain).first()
    kept = {one.key: one for one in kept_of(check)}
    wanted = expected_of(domain)
    others = [Line(one.expected, one) for one in kept.values() if one.verdict == "extra"]
    servers = tuple(check.servers) if check else ()
    return Report(
        records=[Line(one, kept.get((one.name, one.type, one.value))) for one in wanted],
        others=others,
        at=check.at if check else None,
        trouble=check.trouble if check else "",
        zone=check.zone if check else "",
        servers=servers,
        host=host_of(servers),
    )


def to_publish(domain: Domain) -> list[tuple[str, str, str]]:
    """Name, type and value of each record, joined with what is there where that must be."""
    return [(r.expected.name, r.expected.type, r.publish) for r in report(domain).records]


def way() -> Way:
    """Whom this instance asks: its own resolver, and servers by the ordinary port."""
    return Way(resolver_port=settings.MAILSTEAD.ports.of("resolver"))


def night() -> Night:
    """When this instance looks at all domains."""
    return Night(settings.MAILSTEAD.dns.look_from, settings.MAILSTEAD.dns.look_hours)
