"""DKIM keys, the override of a domain's proof, and the company's zone of keys over the API."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Router, Schema

from mailstead.control.dns import operator_zone
from mailstead.control.dns.key_words import next_words
from mailstead.control.hosting import queries, services
from mailstead.control.hosting.api.found import Named, domain_in
from mailstead.control.hosting.api.schemas import DomainOut, Reason, domain_out
from mailstead.control.hosting.models import DkimKey, Domain
from mailstead.control.people.api.door import caller, operation

router = Router(tags=["Domains"])
Selector = Path[Annotated[str, Field(min_length=1, max_length=63)]]


class DkimKeyOut(Schema):
    """A key that signs, has signed or is to sign; its private half is told to nobody."""

    selector: str
    name: str = Field(description="Where receivers look for it.")
    state: Literal["waiting", "visible", "signing", "old", "withdrawn"] = Field(
        description="`waiting`: to be seen in the DNS; `old`: published for mail on its way."
    )
    since: dt.datetime | None
    revoked: bool
    record: str = Field(description="The text that is found there.")
    following: str = Field(description="What comes next, in words.")


class DkimOut(Schema):
    """A domain's keys."""

    domain: str
    zone: str = Field(description="In which the company publishes keys; empty: the owner does.")
    keys: list[DkimKeyOut]


class KeyZoneOut(Schema):
    """The company's zone of keys."""

    zone: str
    text: str = Field(description="A zone file (RFC 1035 §5).")
    due: int = Field(description="Names of which its servers are still to be told.")


class PushedOut(Schema):
    """What the zone's servers were told."""

    names: int


@router.get("/domains/{domain}/dkim", response=DkimOut, summary="List the keys of a domain")
@operation("dkim.view")
def list_keys(request: HttpRequest, domain: Named) -> DkimOut:
    """The keys and what becomes of them."""
    return _out(domain_in(request, domain)[1])


@router.post("/domains/{domain}/dkim/rotate", response=DkimOut, summary="Change the key")
@operation("dkim.rotate")
def rotate_keys(request: HttpRequest, domain: Named) -> DkimOut:
    """A new key is made; it signs once it is seen in the DNS."""
    actor, found = domain_in(request, domain)
    services.rotate_keys(actor=actor, now=timezone.now(), domain=found)
    return _out(found)


@router.post("/domains/{domain}/dkim/{selector}/revoke", response=DkimOut, summary="Revoke a key")
@operation("dkim.revoke")
def revoke_key(request: HttpRequest, domain: Named, selector: Selector, body: Reason) -> DkimOut:
    """Take back a key that somebody else may have, at once."""
    actor, found = domain_in(request, domain)
    services.revoke_key(
        actor=actor, now=timezone.now(), domain=found, selector=selector, reason=body.reason
    )
    return _out(found)


@router.post("/domains/{domain}/accept", response=DomainOut, summary="Accept a domain")
@operation("domain.accept")
def accept_domain(request: HttpRequest, domain: Named, body: Reason) -> DomainOut:
    """Make it active without a record that shows whose it is: the company knows."""
    actor, found = domain_in(request, domain)
    services.accept_domain(actor=actor, now=timezone.now(), domain=found, reason=body.reason)
    return domain_out(found)


@router.get("/operator-zone", response=KeyZoneOut, summary="Show the zone of keys", tags=["Nodes"])
@operation("dns.operator-zone")
def operator_zone_text(request: HttpRequest) -> KeyZoneOut:
    """The zone that the company serves, with the keys of all domains."""
    actor = caller(request)
    text = "".join(operator_zone.zone_text(actor, timezone.now()))
    return KeyZoneOut(zone=queries.zone_of_keys(), text=text, due=queries.zone_size(actor).due)


@router.post(
    "/operator-zone/push", response=PushedOut, summary="Tell the zone of keys anew", tags=["Nodes"]
)
@operation("dns.push-zone", waits=True)
def push_operator_zone(request: HttpRequest) -> PushedOut:
    """Tell its servers every name again, as after the loss of one."""
    return PushedOut(names=operator_zone.push_all(actor=caller(request), now=timezone.now()))


def _out(domain: Domain) -> DkimOut:
    keys = DkimKey.objects.filter(domain=domain).select_related("domain").order_by("selector")
    return DkimOut(
        domain=domain.name,
        zone=queries.zone_of_keys(),
        keys=[
            DkimKeyOut(
                selector=key.selector,
                name=queries.key_name(domain, key.selector),
                state=key.state,  # type: ignore[arg-type]
                since=key.since,
                revoked=key.revoked,
                record=queries.key_record(key),
                following=next_words(key),
            )
            for key in keys
        ],
    )
