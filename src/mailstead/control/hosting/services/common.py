"""What every write of hosting has in common: the audit entry and the feed revision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django.db.models import Model

from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import (
    AppPassword,
    Autoresponder,
    Brand,
    Customer,
    DkimKey,
    Domain,
    Forwarder,
    HostName,
    Mailbox,
    Package,
    RuleSet,
    SendingPolicy,
    Serial,
    Server,
    SpamSettings,
)
from mailstead.control.hosting.queries import scope
from mailstead.control.hosting.services.feeds import tell
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal, Term
from mailstead.wire.changes import AnyChange

MAX_SIZE = 2**53
"""Bytes; what JSON readers hold without loss."""


def locked(row: Model) -> None:
    """Read a row again and lock it: what its reader saw may have changed since.

    Order of locks: customer, domain, what lies in the domain, the feed's head.
    """
    kind = type(row)
    try:
        row.refresh_from_db(from_queryset=kind._default_manager.select_for_update())
    except kind.DoesNotExist as error:  # type: ignore[attr-defined]
        raise Refusal(
            "gone", "It was removed in the meantime.", remedy="Look at the list again."
        ) from error


def take_serials(name: str, count: int = 1) -> int:
    """The first of `count` numbers that were never given out before under this name."""
    row, _ = Serial.objects.select_for_update().get_or_create(name=name)
    first = row.last + 1
    row.last += count
    row.save()
    return first


def facts(row: Model) -> dict[str, Any]:
    """A row's own fields as the audit trail keeps them."""
    found: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if isinstance(value, dt.date):
            value = value.isoformat()
        elif field.attname == "private_key" and value:
            value = f"SHA-256 {sha256(value.encode()).hexdigest()}"
        elif isinstance(value, bytes | memoryview):
            value = f"{len(value)} bytes, SHA-256 {sha256(value).hexdigest()}"
        found[field.attname] = value
    if isinstance(row, Forwarder) and row.pk:
        rows = row.destinations.order_by("pk")
        found["destinations"] = list(rows.values_list("address", flat=True))
    return found


KINDS = {
    "RuleSet": "rules",
    "AppPassword": "app-password",
    "SpamSettings": "spam",
    "DkimKey": "dkim",
    "SendingPolicy": "sending-limits",
    "HostName": "host-name",
}
"""What the audit trail and the table of roles call a row, where it is not the name of its class."""
_WHILE_SUSPENDED = frozenset({"mailbox.set-password", "app-password.remove", "mailbox.remove"})


def permit(actor: Actor, rule: str, row: Model) -> people.Owner:
    """Refuse who may not do this with this row; returns whose trail it belongs to.

    A row outside the actor's scope is refused as if it were not there.
    """
    customer, domain, mailbox = _whose(row)
    owner = people.Owner(
        customer=customer.pk if customer else None,
        domain=domain.pk if domain else None,
        mailbox=mailbox.pk if mailbox else None,
    )
    roles.require(actor, rule)
    if actor.sees_everything:
        return owner
    if mailbox is not None:
        seen = scope.sees_mailbox(actor, mailbox)
    elif domain is not None:
        seen = scope.sees_domain(actor, domain) or _own_address(actor, row)
    else:
        seen = customer is not None and scope.sees_customer(actor, customer)
    if isinstance(row, Customer) and actor.kind == "reseller":
        # Their customers are theirs to change; their own limits are not.
        seen = row.reseller_id == actor.customer
    if not seen:
        raise Refusal("object-unknown", "There is no such thing here.")
    if customer is not None and rule not in _WHILE_SUSPENDED:
        _refuse_suspended(actor, customer)
    return owner


def _refuse_suspended(actor: Actor, customer: Customer) -> None:
    # A reseller who has suspended a customer may still change what is theirs, and end it.
    by_actor = actor.kind == "reseller" and customer.reseller_id == actor.customer
    by_actor = by_actor and customer.suspended_by == "reseller"
    remedy = "Nothing can be changed until that is settled."
    if customer.suspended and not by_actor:
        raise Refusal(
            "customer-suspended",
            "This account is suspended: {reason}",
            remedy=remedy,
            reason=customer.suspended_reason or "-",
        )
    if customer.reseller is not None and customer.reseller.suspended:
        # The reason is the reseller's affair.
        raise Refusal(
            "customer-suspended", "The account of your provider is suspended.", remedy=remedy
        )


def _own_address(actor: Actor, row: Model) -> bool:
    """Whether the row is at the address of the mailbox user who acts."""
    if actor.kind != "mailbox" or not isinstance(row, Autoresponder):
        return False
    own = Mailbox.objects.filter(
        pk=actor.mailbox, removed_at=None, domain_id=row.domain_id, local=row.local
    )
    return own.exists()


def _whose(row: Model) -> tuple[Customer | None, Domain | None, Mailbox | None]:
    if isinstance(row, Customer):
        return row, None, None
    if isinstance(row, Domain):
        return row.customer, row, None
    if isinstance(row, Mailbox):
        return row.domain.customer, row.domain, row
    if isinstance(row, RuleSet | AppPassword | SpamSettings):
        return _whose(row.mailbox)
    if isinstance(row, Forwarder | Autoresponder | DkimKey | HostName):
        return _whose(row.domain)
    if isinstance(row, Package):
        return row.owner, None, None
    if isinstance(row, Brand):
        return row.customer, None, None
    if isinstance(row, Server | SendingPolicy):
        return None, None, None
    raise TypeError(f"no owner is known for {type(row).__name__}")


def _is_live(row: Model) -> bool:
    """Whether a node knows of it: of what lies in a domain that nobody has proved, none does."""
    domain = _whose(row)[1]
    return domain is None or domain.proven


def commit(
    *,
    actor: Actor,
    now: dt.datetime,
    verb: str,
    row: Model,
    label: str,
    before: dict[str, Any] | None,
    changes: Iterable[AnyChange],
    server: Server | None,
    reason: str = "",
    gone: bool = False,
) -> None:
    """Record who did what, and tell the node; inside the caller's transaction.

    Every write of hosting passes here: who may not, or not with this row, is refused, which undoes
    the transaction.
    """
    kind = KINDS.get(type(row).__name__, type(row).__name__.lower())
    owner = permit(actor, f"{kind}.{verb}", row)
    after = None if gone else facts(row)
    if before is not None and after is not None:
        differing = {key for key in after if before.get(key) != after[key]}
        before = {key: before[key] for key in sorted(differing) if key in before}
        after = {key: after[key] for key in sorted(differing)}
    people.record(
        actor=actor,
        verb=f"{kind}.{verb}",
        kind=kind,
        label=label,
        object_id=row.pk or 0,
        now=now,
        before=before,
        after=after,
        reason=reason[:400],
        owner=owner,
    )
    if server is None or not _is_live(row):
        return
    domain = _whose(row)[1]
    if domain is None:
        feed.publish(server=server.name, changes=changes, now=now)
    else:
        tell(domain, changes, now)


_RANKS = {"system": 3, "operator": 3, "staff": 3, "reseller": 2}


def refuse_higher(actor: Actor, suspended_by: str) -> None:
    """Refuse to end a suspension that somebody above has made."""
    if _RANKS.get(actor.kind, 1) < _RANKS.get(suspended_by, 1):
        raise Refusal(
            "suspended-above",
            "Your provider has made this suspension.",
            remedy="Ask them to end it.",
        )


def checked_size(size: int, what: str) -> int:
    """A size in bytes that may be stored; raises `Refusal`."""
    if not 0 <= size <= MAX_SIZE:
        raise Refusal(
            "size-invalid",
            "The {what} must be 0 or more.",
            remedy="Give a size such as 5G.",
            what=Term(what),
        )
    return size


def checked_text(text: str, what: str, longest: int, *, lines: bool = False) -> str:
    """A text without control characters; line breaks only where `lines`."""
    clean = text.replace("\r\n", "\n")
    allowed = "\n\t" if lines else ""
    if any(not c.isprintable() and c not in allowed for c in clean) or len(clean) > longest:
        raise Refusal(
            "text-invalid",
            "The {what} must have at most {longest} characters and no control characters.",
            remedy="Shorten it or remove them.",
            what=Term(what),
            longest=longest,
        )
    return clean


def living(domain: Domain) -> Domain:
    """The domain as it is now, locked; raises `Refusal` when it is removed."""
    locked(domain)
    if domain.removed_at is not None:
        raise Refusal(
            "domain-removed",
            "The domain {name} is removed.",
            remedy="Restore it first.",
            name=domain.name,
        )
    return domain


def no_alias(domain: Domain) -> Domain:
    """The domain, unless it is an alias, which has no addresses of its own."""
    living(domain)
    if domain.alias_of_id is not None:
        assert domain.alias_of is not None
        raise Refusal(
            "domain-is-alias",
            "{name} is an alias of {name2} and has no own addresses.",
            remedy="Make it in {name2}.",
            name=domain.name,
            name2=domain.alias_of.name,
        )
    return domain
