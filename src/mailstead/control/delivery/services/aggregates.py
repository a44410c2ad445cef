"""DMARC aggregates and TLS reports: read within limits, kept about domains that are hosted here.

A report is a claim: anybody can send one about anything. It is kept under the domain that wrote the
message, with whether our own node found it signed by that domain, so that nobody can put a report
in the place of another's; and of one domain only so many a day.
"""

from __future__ import annotations

import datetime as dt
from email.utils import parseaddr
from itertools import islice

from django.conf import settings
from django.db import transaction

from mailstead.control.delivery.models import DmarcRow, Report, ReportMail, TlsRow
from mailstead.control.hosting.models import Domain, Server
from mailstead.standards import authresults, dmarcreport, inflate, mime, tlsrpt
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal, Term

MOST_ROWS = 5_000
"""Rows of one report that are kept, those with the most messages."""
MOST_A_DAY = 500
"""Reports about one domain that are taken in a day."""
MOST_FAILURES = 100
_OLDEST = dt.timedelta(days=60)
"""Older reports are somebody's mistake, or worse."""
_MOST_COUNT = 2**40
LOT = 500
MEDIA = (
    "application/gzip",
    "application/x-gzip",
    "application/zip",
    "application/x-zip-compressed",
    "application/tlsrpt+gzip",
    "application/tlsrpt+json",
    "application/octet-stream",
    "application/xml",
    "text/xml",
    "application/json",
)
"""What reports come as; many name a wrong one of these."""


def keep(row: ReportMail, whole: mime.Part) -> None:
    """Keep the report in a message; raises `Refusal` where there is none that can be read."""
    data = _attachment(whole)
    # What it is says its content, not its address: some send both kinds to one.
    text = inflate.unpacked(data)
    if text.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        _keep_tls(row, whole, tlsrpt.parse_report(data))
    else:
        _keep_dmarc(row, whole, dmarcreport.parse(data))


def _attachment(whole: mime.Part) -> bytes:
    for part in islice(mime.walk(whole), mime.MAX_PARTS):
        if part.media_type in MEDIA:
            return part.content()
    raise inflate.unreadable(Term("it has no attachment of a kind in which reports come"))


def _keep_dmarc(row: ReportMail, whole: mime.Part, told: dmarcreport.Report) -> None:
    domain = _domain(told.policy.domain)
    rows = sorted(told.rows, key=lambda one: -one.count)
    with transaction.atomic():
        report = _report(
            row, whole, domain, "dmarc", told, complete=told.complete and len(rows) <= MOST_ROWS
        )
        if report is None:
            return
        published = told.policy
        report.policy = {
            "p": published.policy[:20],
            "sp": published.subdomains[:20],
            "percent": published.percent[:10],
            "adkim": published.dkim_mode[:5],
            "aspf": published.spf_mode[:5],
        }
        report.save(update_fields=["policy"])
        DmarcRow.objects.bulk_create(
            (
                DmarcRow(
                    report=report,
                    source=one.source,
                    count=min(one.count, _MOST_COUNT),
                    disposition=one.disposition[:12],
                    dkim=one.dkim_aligned,
                    spf=one.spf_aligned,
                    header_from=one.header_from[:253],
                    envelope_from=one.envelope_from[:253],
                    signatures=[
                        [each.domain[:253], each.selector[:63], each.result[:12]]
                        for each in one.dkim[:5]
                    ],
                    reason=(one.reasons[0].kind if one.reasons else "")[:100],
                )
                for one in rows[:MOST_ROWS]
            ),
            batch_size=LOT,
        )


def _keep_tls(row: ReportMail, whole: mime.Part, told: tlsrpt.Report) -> None:
    by_domain: dict[Domain, list[tlsrpt.PolicyReport]] = {}
    for one in told.policies:
        try:
            by_domain.setdefault(_domain(one.domain), []).append(one)
        except Refusal:
            continue  # of somebody else's domain
    if not by_domain:
        raise _foreign()
    with transaction.atomic():
        for domain, policies in by_domain.items():
            report = _report(row, whole, domain, "tls", told)
            if report is None:
                continue
            TlsRow.objects.bulk_create(
                TlsRow(
                    report=report,
                    policy=one.kind[:20],
                    hosts=[host[:253] for host in one.hosts[:20]],
                    successful=min(one.successful, _MOST_COUNT),
                    failed=min(one.failed, _MOST_COUNT),
                    failures=[
                        {
                            "kind": each.kind[:60],
                            "count": min(each.count, _MOST_COUNT),
                            "host": each.receiving_host[:253],
                            "address": each.sending_address[:45],
                            "reason": each.reason[:200],
                        }
                        for each in one.failures[:MOST_FAILURES]
                    ],
                )
                for one in policies
            )


def _report(
    row: ReportMail,
    whole: mime.Part,
    domain: Domain,
    kind: str,
    told: dmarcreport.Report | tlsrpt.Report,
    *,
    complete: bool = True,
) -> Report | None:
    """The row of a report; None for one that is there already. Raises `Refusal`."""
    if told.begin > row.received + dt.timedelta(days=2) or told.begin < row.received - _OLDEST:
        raise inflate.unreadable(Term("the time it tells of is not of late"))
    day = row.received - dt.timedelta(days=1)
    if Report.objects.filter(domain=domain, received__gt=day).count() >= MOST_A_DAY:
        raise inflate.unreadable(Term("too many have come about this domain today"))
    sender, proven = _sender(row, whole)
    report, new = Report.objects.get_or_create(
        domain=domain,
        kind=kind,
        sender=sender,
        number=(told.report_id or str(int(told.begin.timestamp())))[:250],
        defaults={
            "proven": proven,
            "reporter": (told.organisation or sender)[:200],
            "begin": told.begin,
            "end": min(max(told.begin, told.end), told.begin + dt.timedelta(days=31)),
            "day": told.begin.date(),
            "received": row.received,
            "complete": complete,
        },
    )
    return report if new else None


def _domain(name: str) -> Domain:
    """The hosted domain of that name; raises `Refusal`."""
    try:
        wanted = normalise_domain(name)
    except Refusal:
        raise _foreign() from None
    domain = Domain.objects.filter(name=wanted, proven=True, removed_at=None).first()
    if domain is None:
        raise _foreign()
    return domain


def _foreign() -> Refusal:
    return inflate.unreadable(Term("it is about no domain that is hosted here"))


def _sender(row: ReportMail, whole: mime.Part) -> tuple[str, bool]:
    """The domain that wrote the message, and whether our node found it signed by that."""
    host = parseaddr(whole.header("from"))[1].rpartition("@")[2]
    try:
        domain = normalise_domain(host)
    except Refusal:
        return "", False
    server = Server.objects.filter(name=row.server).first()
    hostname = server.hostname if server else ""
    return domain, authresults.signed_by(whole.headers("authentication-results"), hostname, domain)


def drop_old_reports(now: dt.datetime) -> int:
    """Forget what is older than the setting says; returns how many reports."""
    before = now - dt.timedelta(days=30 * settings.MAILSTEAD.reports.keep_months)
    old = Report.objects.filter(received__lt=before)
    lot = list(old.order_by("received").values_list("pk", flat=True)[:LOT])
    Report.objects.filter(pk__in=lot).delete()
    return len(lot)
