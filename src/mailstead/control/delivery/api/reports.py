"""What other mail servers report about a domain, for programs."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from mailstead.control.delivery import queries, report_words
from mailstead.control.hosting.api.found import Named, domain_in
from mailstead.control.people.api.door import operation

router = Router(tags=["Domains"])


class ReportDay(Schema):
    """A day's sums."""

    day: dt.date = Field(description="UTC.")
    good: int
    failed: int


class ReportSource(Schema):
    """An address from which mail in the domain's name came."""

    address: str
    count: int = Field(description="Messages.")
    passed: int
    refused: int = Field(description="Put aside or turned away by receivers.")
    hint: str = Field(
        description="`ours`, `forwarded`, `service`, `permitted`, `other` or `unknown`."
    )
    signer: str = Field(description="Selector or domain that the hint is about.")
    words: str


class ReportFailure(Schema):
    """A way in which encrypted delivery failed."""

    kind: str = Field(description="As RFC 8460 calls it.")
    count: int = Field(description="Sessions.")
    last: dt.date | None
    hosts: list[str]
    reporters: list[str]
    words: str


class ReportReporter(Schema):
    """Who reports."""

    sender: str = Field(description="Domain of the message's author.")
    name: str
    proven: bool = Field(description="Our node found every message signed by that domain.")
    kind: str = Field(description="`dmarc` or `tls`.")
    reports: int
    last: dt.date


class ReportsOut(Schema):
    """What was reported about a domain. All of it is what the reporters claim."""

    domain: str
    since: dt.date
    messages: list[ReportDay] = Field(description="Messages that passed DMARC, and failed.")
    sessions: list[ReportDay] = Field(description="TLS sessions that came about, and failed.")
    sources: list[ReportSource]
    failures: list[ReportFailure]
    reporters: list[ReportReporter]


class ReportsFind(Schema):
    """Of which time, and by whom."""

    days: int = Field(30, ge=1, le=400)
    reporter: str = Field("", max_length=253, description="Only what this sender reports.")


@router.get(
    "/domains/{domain}/reports", response=ReportsOut, summary="Show the reports about a domain"
)
@operation("report.view")
def show_reports(request: HttpRequest, domain: Named, find: Query[ReportsFind]) -> dict[str, Any]:
    """DMARC aggregates and TLS reports that other mail servers have sent."""
    found = domain_in(request, domain)[1]
    since = timezone.now().date() - dt.timedelta(days=find.days - 1)
    sender = find.reporter
    return {
        "domain": found.name,
        "since": since,
        "messages": [asdict(one) for one in queries.dmarc_days(found, since, sender)],
        "sessions": [asdict(one) for one in queries.tls_days(found, since, sender)],
        "sources": [
            {**asdict(one), "words": report_words.source_words(one)}
            for one in queries.sources(found, since, sender)
        ],
        "failures": [
            {
                "kind": one.kind,
                "count": one.count,
                "last": one.last,
                "hosts": sorted(one.hosts),
                "reporters": sorted(one.reporters),
                "words": report_words.failure_words(one),
            }
            for one in queries.tls_failures(found, since, sender)
        ],
        "reporters": [asdict(one) for one in queries.reporters(found, since)],
    }
