"""What reports say about a domain: by day, by source, by reporter, and how TLS failed.

Callers have fetched the domain through the actor. Figures are sums of claims: a reporter can be
chosen, and who reported what is listed beside.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Literal

from django.db.models import Case, Count, Max, Q, QuerySet, Sum, When

from mailstead.control.delivery.models import DmarcRow, Report, ReportMail, TlsRow
from mailstead.control.hosting.models import Domain
from mailstead.control.people.actor import Actor

MOST_SOURCES = 100
MOST_ROWS = 5_000
"""Rows that are looked at to say what sources may be, and in which ways TLS failed."""
Hint = Literal["ours", "forwarded", "service", "permitted", "other", "unknown"]
"""`ours`: signed by us and permitted; `forwarded`: signed by us, from elsewhere; `service`: signed
for the domain with a key that is not ours; `permitted`: by SPF alone; `other`: signed by another
domain; `unknown`: neither signed nor permitted."""
_BETTER: tuple[Hint, ...] = ("ours", "forwarded", "service", "permitted", "other", "unknown")
_PASSED = Q(dkim=True) | Q(spf=True)


@dataclass(frozen=True)
class Day:
    """A day's two figures: good and failed."""

    day: dt.date
    good: int
    failed: int


@dataclass(frozen=True)
class Source:
    """An address from which mail in the domain's name came."""

    address: str
    count: int
    passed: int
    refused: int
    """Messages that receivers put aside or turned away."""
    hint: Hint
    signer: str
    """Selector or domain of the signature that the hint is about."""


@dataclass(frozen=True)
class Reporter:
    """Who says so."""

    sender: str
    name: str
    proven: bool
    kind: str
    reports: int
    last: dt.date


@dataclass
class Failure:
    """A way in which TLS sessions failed."""

    kind: str
    count: int = 0
    last: dt.date | None = None
    hosts: set[str] = field(default_factory=set)
    reporters: set[str] = field(default_factory=set)
    reasons: set[str] = field(default_factory=set)


def _reports(domain: Domain, kind: str, since: dt.date, sender: str) -> QuerySet[Report]:
    rows = Report.objects.filter(domain=domain, kind=kind, day__gte=since)
    return rows.filter(sender=sender) if sender else rows


def dmarc_rows(domain: Domain, since: dt.date, sender: str = "") -> QuerySet[DmarcRow]:
    """Every row since a day, the newest first."""
    reports = _reports(domain, "dmarc", since, sender)
    rows = DmarcRow.objects.filter(report__in=reports).select_related("report")
    return rows.order_by("-report__day", "-count", "pk")


def dmarc_days(domain: Domain, since: dt.date, sender: str = "") -> list[Day]:
    """Messages that passed DMARC and that failed, by day."""
    rows = DmarcRow.objects.filter(report__in=_reports(domain, "dmarc", since, sender))
    found = rows.values("report__day").annotate(
        good=Sum("count", filter=_PASSED, default=0), all=Sum("count", default=0)
    )
    return [
        Day(one["report__day"], one["good"], one["all"] - one["good"])
        for one in found.order_by("report__day")
    ]


def tls_days(domain: Domain, since: dt.date, sender: str = "") -> list[Day]:
    """TLS sessions that came about and that failed, by day."""
    rows = TlsRow.objects.filter(report__in=_reports(domain, "tls", since, sender))
    found = rows.values("report__day").annotate(
        good=Sum("successful", default=0), bad=Sum("failed", default=0)
    )
    return [
        Day(one["report__day"], one["good"], one["bad"]) for one in found.order_by("report__day")
    ]


def sources(domain: Domain, since: dt.date, sender: str = "") -> list[Source]:
    """The addresses with the most messages, those that fail first among equals."""
    rows = DmarcRow.objects.filter(report__in=_reports(domain, "dmarc", since, sender))
    found = rows.values("source").annotate(
        all=Sum("count"),
        passed=Sum("count", filter=_PASSED, default=0),
        refused=Sum("count", filter=Q(disposition__in=("quarantine", "reject")), default=0),
    )
    top = list(found.order_by("-all", "source")[:MOST_SOURCES])
    hints = _hints(domain, rows.filter(source__in=[one["source"] for one in top]))
    return [
        Source(
            one["source"],
            one["all"],
            one["passed"],
            one["refused"],
            *hints.get(one["source"], ("unknown", "")),
        )
        for one in top
    ]


def _hints(domain: Domain, rows: QuerySet[DmarcRow]) -> dict[str, tuple[Hint, str]]:
    """What each source may be: the best that any of its rows says."""
    selectors = set(domain.dkim_keys.values_list("selector", flat=True))
    found: dict[str, tuple[Hint, str]] = {}
    for row in rows.order_by("-count").only("source", "dkim", "spf", "signatures")[:MOST_ROWS]:
        hint = _hint(row, domain.name, selectors)
        before = found.get(row.source)
        if before is None or _BETTER.index(hint[0]) < _BETTER.index(before[0]):
            found[row.source] = hint
    return found


def _hint(row: DmarcRow, name: str, selectors: set[str]) -> tuple[Hint, str]:
    good = [(domain, selector) for domain, selector, result in row.signatures if result == "pass"]
    if any(domain == name and selector in selectors for domain, selector in good):
        return ("ours" if row.spf else "forwarded"), name
    if row.dkim:
        return "service", next((selector for _, selector in good if selector), "")
    if row.spf:
        return "permitted", ""
    return ("other", good[0][0]) if good else ("unknown", "")


def reporters(domain: Domain, since: dt.date) -> list[Reporter]:
    """Who has reported, with whether our node found them to be who they say."""
    rows = Report.objects.filter(domain=domain, day__gte=since)
    found = rows.values("sender", "kind").annotate(
        name=Max("reporter"),
        number=Count("pk"),
        last=Max("day"),
        unproven=Max(Case(When(proven=False, then=1), default=0)),
    )
    return [
        Reporter(
            one["sender"], one["name"], not one["unproven"], one["kind"], one["number"], one["last"]
        )
        for one in found.order_by("-number", "sender", "kind")[:MOST_SOURCES]
    ]


def tls_failures(domain: Domain, since: dt.date, sender: str = "") -> list[Failure]:
    """The ways in which sessions failed, the most frequent first."""
    rows = TlsRow.objects.filter(report__in=_reports(domain, "tls", since, sender), failed__gt=0)
    found: dict[str, Failure] = defaultdict(lambda: Failure(""))
    for row in rows.select_related("report").order_by("-report__day")[:MOST_ROWS]:
        for told in row.failures:
            one = found[told["kind"]]
            one.kind = told["kind"]
            one.count += told["count"]
            one.last = max(one.last or row.report.day, row.report.day)
            one.hosts.update(filter(None, [told["host"]]))
            one.reporters.add(row.report.reporter)
            if told["reason"] and len(one.reasons) < 3:
                one.reasons.add(told["reason"])
    return sorted(found.values(), key=lambda one: (-one.count, one.kind))


def unread_reports(actor: Actor) -> QuerySet[ReportMail]:
    """Messages to the addresses for reports that could not be read; the company's own affair."""
    if not actor.sees_everything:
        return ReportMail.objects.none()
    return ReportMail.objects.exclude(words="").defer("raw").order_by("-pk")
