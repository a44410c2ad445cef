"""A domain's DKIM keys: how they stand, where they are published, and the company's zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings

from mailstead.control.hosting import keylife
from mailstead.control.hosting.models import DkimKey, Domain, ZoneName
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor

_REMEMBERED = dt.timedelta(days=1)
"""For which others remember a record at a customer's DNS host, whose time to live is not ours."""
_LOOK = dt.timedelta(minutes=10)
_LOOK_AT_CUSTOMERS = dt.timedelta(hours=1)


def zone_of_keys() -> str:
    """The company's zone in which keys are published; empty: customers publish them themselves."""
    name: str = settings.MAILSTEAD.dkim.zone
    return name.lower().rstrip(".")


def pace() -> keylife.Pace:
    """How long the steps of a change take on this instance."""
    wanted = settings.MAILSTEAD.dkim
    own = bool(zone_of_keys())
    return keylife.Pace(
        settle=dt.timedelta(seconds=wanted.ttl) if own else _REMEMBERED,
        grace=dt.timedelta(days=wanted.grace_days),
        every=dt.timedelta(days=wanted.rotate_days) if wanted.rotate_days else None,
        look=_LOOK if own else _LOOK_AT_CUSTOMERS,
    )


def key_of(key: DkimKey) -> keylife.Key:
    """A row as the table of steps wants it."""
    since = key.since or key.domain.created_at or dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    return keylife.Key(key.selector, key.state, since)  # type: ignore[arg-type]


def dkim_keys(domain: Domain) -> list[DkimKey]:
    """The keys of a domain that was fetched through the actor, by their selector."""
    return sorted(domain.dkim_keys.all(), key=lambda key: key.selector)


def key_record(key: DkimKey) -> str:
    """The text that is published for a key; of a withdrawn one that it is (RFC 6376 §3.6.1)."""
    return f"v=DKIM1; k=rsa; p={'' if key.state == 'withdrawn' else key.public_key}"


def key_name(domain: Domain, selector: str) -> str:
    """Where receivers look for a key."""
    return f"{selector}._domainkey.{domain.name}"


def zone_name(number: int, selector: str) -> str:
    """Where a domain's key stands in the company's zone; `number` is the domain's."""
    return f"{selector}.{number}.{zone_of_keys()}"


def dkim_records(domain: Domain) -> list[tuple[str, str, str]]:
    """What the owner of a domain publishes for its keys: name, type, value.

    With a zone of the company's two aliases, once and for all, as long as the domain signs at all;
    else a text for each key that is in use or about to be, and for one that was revoked.
    """
    keys = dkim_keys(domain)
    if not keys:
        return []
    if zone_of_keys():
        return [
            (key_name(domain, name), "CNAME", f"{zone_name(domain.pk, name)}.")
            for name in _selectors(keys)
        ]
    return [
        (key_name(domain, key.selector), "TXT", key_record(key))
        for key in keys
        if key.state != "withdrawn" or key.revoked
    ]


def _selectors(keys: Sequence[DkimKey]) -> list[str]:
    """The two, and any that an earlier version has given out."""
    return list(dict.fromkeys((*keylife.SELECTORS, *(key.selector for key in keys))))


def texts_behind(domain: Domain) -> dict[str, str]:
    """Name of a key to the text that should be found there, through an alias or not."""
    return {key_name(domain, key.selector): key_record(key) for key in dkim_keys(domain)}


def zone_records(actor: Actor) -> Iterator[tuple[str, str]]:
    """Names and texts of the company's zone, keys of removed domains within their grace included.

    Raises `Refusal` for who may not see it.
    """
    roles.require(actor, "dns.operator-zone")
    rows = DkimKey.objects.order_by("domain_id", "selector")
    for key in rows.only("domain_id", "selector", "state", "public_key").iterator(2000):
        yield zone_name(key.domain_id, key.selector), key_record(key)


@dataclass(frozen=True)
class ZoneSize:
    """How much the company's zone holds."""

    all: int
    due: int
    """Of them, still to be told to its servers."""


def zone_size(actor: Actor) -> ZoneSize:
    """Names of the company's zone; raises `Refusal` for who may not see it."""
    roles.require(actor, "dns.operator-zone")
    gone = ZoneName.objects.filter(key=None).count()
    keys = DkimKey.objects.all()
    return ZoneSize(keys.count(), keys.filter(zone_due=True).count() + gone)
