"""Sending addresses: what the operator sets, and what the nodes tell of them."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Model

from mailstead.control.delivery.models import (
    AddressRest,
    RouteChoice,
    SenderMark,
    SendingAddress,
    SendingSettings,
    SentCount,
)
from mailstead.control.delivery.queries.pools import plan_of, settings_of
from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import Server
from mailstead.control.hosting.services.common import checked_text, facts, locked
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards.address import destination_address, normalise_domain
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import SendingPlanPut
from mailstead.wire.events import (
    AddressRested,
    AddressReturned,
    AnyEvent,
    RouteChosen,
    SentToday,
)
from mailstead.wire.pools import CLASSES

KEEP = dt.timedelta(days=30)
_STATES = ("active", "warming", "paused")


@transaction.atomic
def create_address(
    *,
    actor: Actor,
    now: dt.datetime,
    server: Server,
    ipv4: str = "",
    ipv6: str = "",
    helo: str,
    classes: Sequence[str],
    state: str = "warming",
    note: str = "",
) -> SendingAddress:
    """A sending address, which the node's machine must have already. Raises `Refusal`."""
    roles.require(actor, "sending.create")
    row = SendingAddress(
        server=server,
        ipv4=_checked_ip(ipv4, 4),
        ipv6=_checked_ip(ipv6, 6),
        helo=normalise_domain(helo),
        classes=_checked_classes(classes),
        note=checked_text(note, "note", 400),
    )
    _set_state(row, state, now)
    if not row.ipv4 and not row.ipv6:
        raise Refusal(
            "sending-address-missing",
            "A sending address needs an IPv4 or an IPv6 address.",
            remedy="Give at least one of the two.",
        )
    _refuse_taken(row)
    row.save()
    _told(actor, now, "create", row, row.helo, None, [server])
    return row


@transaction.atomic
def update_address(
    *,
    actor: Actor,
    now: dt.datetime,
    address: SendingAddress,
    helo: str | None = None,
    classes: Sequence[str] | None = None,
    state: str | None = None,
    note: str | None = None,
) -> None:
    """Change what is given. `warming` begins with today; what is under way ends as it began.

    Raises `Refusal`.
    """
    roles.require(actor, "sending.update")
    locked(address)
    before = facts(address)
    if helo is not None:
        address.helo = normalise_domain(helo)
    if classes is not None:
        address.classes = _checked_classes(classes)
    if note is not None:
        address.note = checked_text(note, "note", 400)
    if state is not None:
        _set_state(address, state, now)
    address.save()
    _told(actor, now, "update", address, address.helo, before, [address.server])


@transaction.atomic
def remove_address(*, actor: Actor, now: dt.datetime, address: SendingAddress) -> None:
    """Mail leaves by it no more; what waits for it leaves by another one."""
    roles.require(actor, "sending.remove")
    locked(address)
    before, server, label = facts(address), address.server, address.helo
    number = address.pk
    address.delete()
    AddressRest.objects.filter(address=number, ended=None).update(ended=now)
    _told(actor, now, "remove", address, label, before, [server], number=number)


@transaction.atomic
def set_relay(
    *,
    actor: Actor,
    now: dt.datetime,
    server: Server,
    host: str,
    port: int = 587,
    login: str = "",
    password: str | None = None,
) -> None:
    """The server that takes mail when no address may; an empty host: none.

    `password` None: as before. Raises `Refusal`.
    """
    roles.require(actor, "sending.set-relay")
    locked(server)
    row = settings_of(server)
    before = _without_password(row)
    if not host.strip():
        row.relay_host, row.relay_login, row.relay_password = "", "", ""
    else:
        row.relay_host = normalise_domain(host)
        row.relay_port = _checked_port(port)
        row.relay_login = _checked_word(login, "log-in", colon=False)
        if password is not None:
            row.relay_password = _checked_word(password, "password", colon=True)
        row.relay_password = row.relay_password if row.relay_login else ""
        if row.relay_login and not row.relay_password:
            raise Refusal(
                "relay-password-missing",
                "A log-in at the relay needs its password.",
                remedy="Give the password too.",
            )
    row.save()
    _told(actor, now, "set-relay", row, server.name, before, [server], _without_password(row))


@transaction.atomic
def set_ceilings(
    *, actor: Actor, now: dt.datetime, server: Server, ceilings: Sequence[int]
) -> None:
    """How much one receiver gets from a new address on its first, second, … day.

    Empty: the house's own. Raises `Refusal`.
    """
    roles.require(actor, "sending.update")
    locked(server)
    if len(ceilings) > 120 or any(not 0 < one <= 10_000_000 for one in ceilings):
        raise Refusal(
            "ceilings-invalid",
            "A plan has at most 120 days, each with a number from 1 to 10,000,000.",
            remedy="Give numbers such as 50, 100, 200.",
        )
    row = settings_of(server)
    before = _without_password(row)
    row.ceilings = list(ceilings)
    row.save()
    _told(actor, now, "update", row, server.name, before, [server], _without_password(row))


@transaction.atomic
def mark_sender(
    *, actor: Actor, now: dt.datetime, sender: str, to: str, reason: str = ""
) -> SenderMark:
    """From now on all mail of an address, or of a `@domain`, is of that class. Raises `Refusal`."""
    roles.require(actor, "sending.mark")
    bare = sender.strip()
    if bare.startswith("@"):
        bare = f"@{normalise_domain(bare[1:])}"
    else:
        bare = str(destination_address(bare)).lower()
    (checked,) = _checked_classes([to])
    row = SenderMark.objects.filter(sender=bare).first() or SenderMark(sender=bare)
    before = facts(row) if row.pk else None
    row.to, row.reason = checked, checked_text(reason, "reason", 400)
    row.save()
    _told(actor, now, "mark", row, bare, before, Server.objects.all(), reason=reason)
    return row


@transaction.atomic
def unmark_sender(*, actor: Actor, now: dt.datetime, mark: SenderMark) -> None:
    """The sender's mail is again of the class that it would be."""
    roles.require(actor, "sending.mark")
    before, number = facts(mark), mark.pk
    mark.delete()
    _told(actor, now, "mark", mark, mark.sender, before, Server.objects.all(), number=number)


def _told(
    actor: Actor,
    now: dt.datetime,
    verb: str,
    row: Model,
    label: str,
    before: dict[str, Any] | None,
    servers: Iterable[Server],
    after: dict[str, Any] | None = None,
    *,
    number: int | None = None,
    reason: str = "",
) -> None:
    """The audit entry, and the plan to the nodes; `number`: the row is gone."""
    people.record(
        actor=actor,
        verb=f"sending.{verb}",
        kind="sending",
        label=label,
        object_id=number or row.pk or 0,
        now=now,
        before=before,
        after=None if number is not None else after or facts(row),
        reason=reason[:400],
    )
    for server in servers:
        feed.publish(server=server.name, changes=[SendingPlanPut(plan=plan_of(server))], now=now)


def _set_state(row: SendingAddress, state: str, now: dt.datetime) -> None:
    if state not in _STATES:
        raise Refusal(
            "sending-state-invalid",
            "A sending address is active, warming or paused.",
            remedy="Choose one of the three.",
        )
    if state == "warming" and (row.state != "warming" or row.warm_since is None):
        row.warm_since = now.astimezone(dt.UTC).date()
    row.state = state


def _refuse_taken(row: SendingAddress) -> None:
    for name in ("ipv4", "ipv6"):
        value = getattr(row, name)
        if value and SendingAddress.objects.filter(server=row.server, **{name: value}).exists():
            raise Refusal(
                "sending-address-exists",
                "{value} is a sending address of this server already.",
                remedy="Change that one.",
                value=value,
            )


def _checked_ip(text: str, version: int) -> str:
    bare = text.strip()
    if not bare:
        return ""
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        found = None
    if found is None or found.version != version or found.is_multicast or found.is_unspecified:
        raise Refusal(
            "sending-address-invalid",
            "{value} is not an IPv{version} address from which mail can leave.",
            remedy="Give an address that the machine has.",
            value=ascii(bare[:60]),
            version=version,
        )
    return str(found)


def _checked_classes(classes: Sequence[str]) -> list[str]:
    found = [name for name in CLASSES if name in classes]
    if not found or len(found) != len(set(classes)):
        raise Refusal(
            "sending-class-invalid",
            "Mail is of one of these classes: {classes}.",
            remedy="Choose at least one of them.",
            classes=", ".join(CLASSES),
        )
    return list(found)


def _checked_port(port: int) -> int:
    if not 0 < port < 65536:
        raise Refusal("port-invalid", "A port is a number from 1 to 65535.")
    return port


def _checked_word(text: str, what: str, *, colon: bool) -> str:
    """What may stand in Postfix's file of passwords."""
    bare = text.strip()
    if not bare.isascii() or not bare.isprintable() or len(bare) > 200 or " " in bare:
        bad = True
    else:
        bad = ":" in bare and not colon
    if bad:
        raise Refusal(
            "relay-login-invalid",
            "The relay's log-in and password have printable ASCII without blanks only, "
            "and the log-in no colon.",
            remedy="Ask the relay for another one.",
        )
    return bare


def _without_password(row: SendingSettings) -> dict[str, Any]:
    found = facts(row)
    found["relay_password"] = "set" if row.relay_password else ""
    return found


# What nodes tell


def record(server: str, events: Sequence[AnyEvent], now: dt.datetime) -> None:
    """Record what a node tells of its sending addresses; inside the batch's transaction."""
    for event in events:
        if isinstance(event, AddressRested):
            _rested(server, event)
        elif isinstance(event, AddressReturned):
            _open(server, event.address, event.receiver).update(ended=event.at)
    RouteChoice.objects.bulk_create(
        RouteChoice(
            server=server,
            at=event.at,
            mail_class=event.mail_class,
            receiver=event.receiver[:253],
            way=event.way[:24],
            why=event.why[:1000],
        )
        for event in events
        if isinstance(event, RouteChosen)
    )
    _record_counts([event for event in events if isinstance(event, SentToday)])


def _open(server: str, address: int, receiver: str) -> Any:
    return AddressRest.objects.filter(
        server=server, address=address, receiver=receiver[:253], ended=None
    )


def _rested(server: str, event: AddressRested) -> None:
    # One that the node has replaced by a longer one is over.
    _open(server, event.address, event.receiver).update(ended=event.at)
    AddressRest.objects.create(
        server=server,
        address=event.address,
        receiver=event.receiver[:253],
        kind=event.kind,
        since=event.at,
        until=event.until,
        times=event.times,
        reply=event.reply[:500],
    )


def _record_counts(events: Sequence[SentToday]) -> None:
    last = {(event.day, event.address, event.receiver[:253]): event for event in events}
    SentCount.objects.bulk_create(
        (
            SentCount(
                address=address,
                receiver=receiver,
                day=day,
                count=event.count,
                ceiling=event.ceiling,
            )
            for (day, address, receiver), event in last.items()
        ),
        update_conflicts=True,
        unique_fields=["day", "address", "receiver"],
        update_fields=["count", "ceiling"],
    )


def drop_old(now: dt.datetime) -> int:
    """Forget what is older than a month; returns how many rows went."""
    before = now - KEEP
    return (
        RouteChoice.objects.filter(at__lt=before).delete()[0]
        + SentCount.objects.filter(day__lt=before.date()).delete()[0]
        + AddressRest.objects.filter(until__lt=before).delete()[0]
    )
