"""TLS reports: how well others could deliver to a domain with TLS (RFC 8460).

A TXT record at `_smtp._tls.<domain>` says where they go; a report is JSON, as a rule packed by
gzip. Reports come from anybody, so everything is bounded, and what is malformed costs no more than
itself: a policy or a failure that makes no sense is left out.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailstead.standards import inflate, tags
from mailstead.standards.mime import one_line
from mailstead.standards.refusal import Refusal, Term

MAX_POLICIES = 200
MAX_FAILURES = 1000
MAX_HOSTS = 100
_MAX_TEXT = 500
_MAX_COUNT = 2**53
# Comma, semicolon and exclamation mark must be written as %2C, %3B and %21 (RFC 8460 §3).
_RUA = re.compile(r"(?:mailto:[^\s,;!@]{1,64}@[^\s,;!@]{1,255}|https://[^\s,;!]{1,1000})")


@dataclass(frozen=True)
class Failure:
    """Sessions that failed in one way (RFC 8460 §4.3)."""

    kind: str
    count: int
    sending_address: str
    receiving_host: str
    receiving_address: str
    reason: str


@dataclass(frozen=True)
class PolicyReport:
    """How sessions under one policy went; `kind` is tlsa, sts or no-policy-found."""

    kind: str
    domain: str
    hosts: tuple[str, ...]
    successful: int
    failed: int
    failures: tuple[Failure, ...]


@dataclass(frozen=True)
class Report:
    """A report of one organisation on one span of time."""

    organisation: str
    contact: str
    report_id: str
    begin: datetime.datetime
    end: datetime.datetime
    policies: tuple[PolicyReport, ...]


def parse_record(texts: Iterable[str]) -> tuple[str, ...]:
    """Where reports go, from the TXT records; raises `Refusal` (`tlsrpt-record-invalid`)."""
    record = tags.single(texts, "TLSRPTv1")
    found = tags.fields(record, spaces=True) if record else None
    places = tuple(place.strip(" \t") for place in (found or {}).get("rua", "").split(","))
    if not all(_RUA.fullmatch(place) for place in places):
        raise Refusal(
            "tlsrpt-record-invalid",
            "There is not exactly one valid TLS reporting record.",
            remedy="Publish one TXT record such as 'v=TLSRPTv1; rua=mailto:tls@example.org'.",
        )
    return places


def make_record(places: Iterable[str]) -> str:
    """The TXT record that sends reports to `mailto:` and `https:` places."""
    listed = list(places)
    if not listed or not all(_RUA.fullmatch(place) for place in listed):
        raise ValueError(f"not places for reports: {listed!r}")
    return f"v=TLSRPTv1; rua={','.join(listed)}"


def parse_report(data: bytes) -> Report:
    """A report, packed or not; raises `Refusal` (`report-unreadable`)."""
    try:
        whole = json.loads(inflate.unpacked(data).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise inflate.unreadable(Term("it is damaged")) from None
    report = _object(whole)
    span = _object(report.get("date-range"))
    begin, end = (_moment(span.get(name)) for name in ("start-datetime", "end-datetime"))
    policies = [_policy(_object(item)) for item in _list(report.get("policies"))[:MAX_POLICIES]]
    if not begin or not end or "policies" not in report:
        raise inflate.unreadable(Term("it is no such report"))
    return Report(
        organisation=_text(report.get("organization-name")),
        contact=_text(report.get("contact-info")),
        report_id=_text(report.get("report-id")),
        begin=begin,
        end=end,
        policies=tuple(policy for policy in policies if policy),
    )


def _policy(item: dict[str, object]) -> PolicyReport | None:
    policy = _object(item.get("policy"))
    summary = _object(item.get("summary"))
    kind, domain = _text(policy.get("policy-type")), _text(policy.get("policy-domain"))
    if not kind or not domain:
        return None
    hosts = policy.get("mx-host")
    failures = [_failure(_object(detail)) for detail in _list(item.get("failure-details"))]
    return PolicyReport(
        kind=kind.lower(),
        domain=domain.lower(),
        # Some write one host as text and not as a list.
        hosts=tuple(_text(host) for host in (_list(hosts) or [hosts])[:MAX_HOSTS] if host),
        successful=_count(summary.get("total-successful-session-count")),
        failed=_count(summary.get("total-failure-session-count")),
        failures=tuple(failure for failure in failures if failure)[:MAX_FAILURES],
    )


def _failure(detail: dict[str, object]) -> Failure | None:
    kind = _text(detail.get("result-type"))
    if not kind:
        return None
    return Failure(
        kind=kind.lower(),
        count=_count(detail.get("failed-session-count")),
        sending_address=_address(detail.get("sending-mta-ip")),
        receiving_host=_text(detail.get("receiving-mx-hostname")),
        receiving_address=_address(detail.get("receiving-ip")),
        reason=_text(detail.get("failure-reason-code") or detail.get("additional-information")),
    )


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return one_line(value, _MAX_TEXT) if isinstance(value, str) else ""


def _count(value: object) -> int:
    """A number of sessions, also where it was written as text."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value):
        value = int(value)
    known = isinstance(value, int) and not isinstance(value, bool)
    return value if known and isinstance(value, int) and 0 <= value <= _MAX_COUNT else 0


def _address(value: object) -> str:
    try:
        return str(ipaddress.ip_address(_text(value)))
    except ValueError:
        return ""


def _moment(value: object) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(_text(value).upper())
        aware = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
        return aware.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
