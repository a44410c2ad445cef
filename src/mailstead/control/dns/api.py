"""A domain's DNS over the API: what to publish, what is there, and what to do."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from mailstead.control.dns import queries, services
from mailstead.control.dns.compare import Note, Purpose, Verdict
from mailstead.control.dns.queries import Line
from mailstead.control.dns.words import say_of, trouble_words
from mailstead.control.hosting.api.found import Named, domain_in
from mailstead.control.hosting.models import Domain
from mailstead.control.people.api.door import caller, operation
from mailstead.standards.mtasts import Mode

router = Router(tags=["Domains"])


class DnsRecord(Schema):
    """A DNS record: as it should be, and how it stands."""

    name: str
    type: str
    value: str = Field(description="As the domain alone would need it.")
    publish: str = Field(description="What to publish: an SPF record joined with what is there.")
    purpose: Purpose
    required: bool = Field(description="Mail arrives only with it.")
    verdict: Verdict | None = Field(description="Null: not looked at yet.")
    code: str = Field(description="What is the matter, stable; empty: not looked at yet.")
    since: dt.datetime | None = Field(description="Since when the verdict holds.")
    found: list[str] = Field(description="At the zone's own servers.")
    public: list[str] = Field(description="At a resolver, where `note` is `spreading`.")
    note: Note
    lookups: int | None = Field(description="Of an SPF record to publish; ten are permitted.")
    why: str
    todo: str = Field(description="In words; empty: nothing.")


class DnsOut(Schema):
    """A domain's DNS."""

    domain: str
    state: Literal["", "good", "warn", "bad", "unknown"] = Field(
        description="`bad`: its mail does not come here. Empty: not looked at yet."
    )
    checked_at: dt.datetime | None
    trouble: str = Field(description="What stood in the way of the last look; empty: nothing.")
    trouble_words: str
    servers: list[str] = Field(description="Of the domain's zone.")
    dns_host: str | None = Field(description="Where the DNS is kept, if it is known.")
    records: list[DnsRecord] = Field(description="To publish.")
    others: list[DnsRecord] = Field(description="To remove: MX records of other hosts.")


@router.get("/domains/{domain}/dns", response=DnsOut, summary="Show the DNS of a domain")
@operation("dns.view")
def show_dns(request: HttpRequest, domain: Named) -> DnsOut:
    """The records that the domain's owner publishes, and what the last look has found."""
    return _out(domain_in(request, domain)[1])


@router.post("/domains/{domain}/dns/check", response=DnsOut, summary="Check the DNS of a domain")
@operation("dns.check", waits=True)
def check_dns(request: HttpRequest, domain: Named) -> DnsOut:
    """Look at it now; takes ten seconds at most. Otherwise it is looked at each night."""
    found = domain_in(request, domain)[1]
    services.check_domain(actor=caller(request), now=timezone.now(), domain=found)
    found.refresh_from_db(fields=["dns_state"])
    return _out(found)


class MtaStsOut(Schema):
    """What a domain asks of others about encryption (RFC 8461)."""

    mode: Literal["none", "testing", "enforce"]
    policy: str = Field(description="The policy as others fetch it.")


class MtaStsIn(Schema):
    """What it is to ask."""

    mode: Literal["none", "testing", "enforce"]


@router.get("/domains/{domain}/mta-sts", response=MtaStsOut, summary="Show the MTA-STS policy")
@operation("dns.view")
def show_mta_sts(request: HttpRequest, domain: Named) -> dict[str, str]:
    """The policy of the domain, its own or the house's."""
    return _policy(domain_in(request, domain)[1])


@router.put("/domains/{domain}/mta-sts", response=MtaStsOut, summary="Set the MTA-STS policy")
@operation("dns.set-mta-sts")
def set_mta_sts(request: HttpRequest, domain: Named, body: MtaStsIn) -> dict[str, str]:
    """The records to publish change with it."""
    actor, found = domain_in(request, domain)
    services.set_mta_sts(actor=actor, now=timezone.now(), domain=found, mode=Mode(body.mode))
    return _policy(found)


def _policy(domain: Domain) -> dict[str, str]:
    text = queries.policy_text(domain.name) or ""
    return {"mode": queries.mode_of(domain).value, "policy": text}


def _out(domain: Domain) -> DnsOut:
    report = queries.report(domain)
    target = f"{domain.server.hostname}."
    return DnsOut(
        domain=domain.name,
        state=domain.dns_state,  # type: ignore[arg-type]
        checked_at=report.at,
        trouble=report.trouble,
        trouble_words=trouble_words(report.trouble),
        servers=list(report.servers),
        dns_host=report.host.name if report.host else None,
        records=[_record(line, target) for line in report.records],
        others=[_record(line, target) for line in report.others],
    )


def _record(line: Line, target: str) -> DnsRecord:
    kept, said = line.kept, say_of(line, target)
    return DnsRecord(
        name=line.expected.name,
        type=line.expected.type,
        value=line.expected.value,
        publish=line.publish,
        purpose=line.expected.purpose,
        required=line.required,
        verdict=kept.verdict if kept else None,
        code=kept.code if kept else "",
        since=kept.since if kept else None,
        found=list(kept.found) if kept else [],
        public=list(kept.public) if kept else [],
        note=kept.note if kept else "",
        lookups=kept.lookups if kept else None,
        why=said.why,
        todo=said.todo,
    )
