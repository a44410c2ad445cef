"""What other mail servers report about a domain, as charts, tables and a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailstead.control.delivery import queries, report_words
from mailstead.control.delivery.models import DmarcRow
from mailstead.control.delivery.queries.reports import Day, Failure, Source
from mailstead.control.hosting import queries as hosting
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.charts import Chart, Series, bar_chart
from mailstead.control.web.listing import csv_file, listing, wants_csv


@dataclass(frozen=True)
class Range:
    """How far back."""

    days: int
    title: str | Promise


RANGES = (
    Range(14, _("14 days")),
    Range(30, _("30 days")),
    Range(90, _("90 days")),
    Range(390, _("13 months")),
)
_HEADS = (
    "day",
    "reporter",
    "sender",
    "proven",
    "source",
    "count",
    "disposition",
    "dkim",
    "spf",
    "header-from",
    "envelope-from",
    "reason",
)


@dataclass(frozen=True)
class ShownSource:
    """A source and what it may be."""

    source: Source
    state: str
    title: str
    words: str


@dataclass(frozen=True)
class ShownFailure:
    """A way in which TLS failed, in words."""

    failure: Failure
    words: str


@page("report.view")
def show(request: HttpRequest, name: str) -> HttpResponseBase:
    """The reports about one domain."""
    domain = hosting.domain_named(actor_in(request), name)
    asked = request.GET.get("days", "")
    chosen = next((one for one in RANGES if str(one.days) == asked), RANGES[1])
    sender = request.GET.get("reporter", "")[:253]
    today = timezone.now().date()
    since = today - dt.timedelta(days=chosen.days - 1)
    if wants_csv(request):
        rows = queries.dmarc_rows(domain, since, sender)
        return csv_file(f"{domain.name}-reports", _HEADS, rows, _cells)
    reporters = queries.reporters(domain, since)
    days = [since + dt.timedelta(days=n) for n in range(chosen.days)]
    context = {
        "domain": domain,
        "tab": "reports",
        "ranges": RANGES,
        "chosen": chosen,
        "sender": sender,
        "charts": _charts(
            days,
            queries.dmarc_days(domain, since, sender),
            queries.tls_days(domain, since, sender),
        ),
        "sources": [_source(one) for one in queries.sources(domain, since, sender)],
        "failures": [
            ShownFailure(one, report_words.failure_words(one))
            for one in queries.tls_failures(domain, since, sender)
        ],
        "reporters": reporters,
        "senders": sorted({one.sender for one in reporters if one.sender}),
    }
    return render(request, "delivery/reports.html", context)


def _source(source: Source) -> ShownSource:
    return ShownSource(
        source,
        report_words.source_state(source),
        report_words.source_title(source),
        report_words.source_words(source),
    )


def _charts(days: Sequence[dt.date], dmarc: Sequence[Day], tls: Sequence[Day]) -> list[Chart]:
    return [
        bar_chart(
            key="dmarc",
            title=gettext("Messages in the domain's name"),
            unit=gettext("by day"),
            days=days,
            series=_series(days, dmarc, gettext("passed"), gettext("failed")),
        ),
        bar_chart(
            key="tls",
            title=gettext("Encrypted deliveries to the domain"),
            unit=gettext("by day"),
            days=days,
            series=_series(days, tls, gettext("came about"), gettext("failed")),
        ),
    ]


def _series(days: Sequence[dt.date], found: Sequence[Day], good: str, bad: str) -> list[Series]:
    by_day = {one.day: one for one in found}
    figures = [by_day.get(day, Day(day, 0, 0)) for day in days]
    return [
        Series(good, [one.good for one in figures]),
        Series(bad, [one.failed for one in figures]),
    ]


def _cells(row: DmarcRow) -> tuple[object, ...]:
    return (
        row.report.day.isoformat(),
        row.report.reporter,
        row.report.sender,
        "yes" if row.report.proven else "no",
        row.source,
        row.count,
        row.disposition,
        "pass" if row.dkim else "fail",
        "pass" if row.spf else "fail",
        row.header_from,
        row.envelope_from,
        row.reason,
    )


@page("report.list-unread")
def unread(request: HttpRequest) -> HttpResponseBase:
    """Messages to the addresses for reports that could not be read."""
    rows = queries.unread_reports(actor_in(request))
    found = listing(request, rows, sorts={"received": ("received", "pk")}, default="-received")
    return render(request, "delivery/unread_reports.html", {"listing": found})
