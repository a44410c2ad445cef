"""Where mail to an address goes next, read from the rows: the rules of precedence once more.

The node's compiler derives the same from the feed; this is written apart from it, so that each can
be held against the other. It also answers the operator's question "what happens to mail for X?".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from mailstead.control.hosting.models import (
    Autoresponder,
    Domain,
    Forwarder,
    Mailbox,
)
from mailstead.standards.address import destination_address

_LONGEST_CHAIN = 100


@dataclass(frozen=True)
class Hop:
    """What happens at one address."""

    address: str
    how: str
    """In words: `mailbox`, `forwarder`, `domain forwarder`, `catch-all`, …"""
    next: tuple[str, ...] = ()
    store: str = ""
    """The mailbox that keeps it."""
    refused: str = ""
    """The words that refuse it."""
    dropped: bool = False
    answered: bool = False
    elsewhere: bool = False
    """Not hosted here."""
    operator: bool = False
    """Goes to the node's own postmaster."""
    relay_to: str = ""
    """The host to which it is passed on, since the domain is not served here yet, or not any more;
    `mx`: to where the DNS leads."""


def living_domain(name: str) -> Domain | None:
    """The hosted domain of this name, unless it is removed or waits for its proof."""
    found = Domain.objects.filter(name=name, removed_at=None, proven=True)
    return found.select_related("alias_of", "customer").first()


def own_rows(domain: Domain, local: str) -> tuple[Mailbox | None, Forwarder | None, bool]:
    """The mailbox, the forwarder and whether there is an autoresponder at a local part."""
    mailbox = Mailbox.objects.filter(domain=domain, local=local, removed_at=None).first()
    forwarder = Forwarder.objects.filter(domain=domain, local=local).first()
    answered = Autoresponder.objects.filter(domain=domain, local=local).exists()
    return mailbox, forwarder, answered


def without_sub_address(local: str) -> str:
    """The local part without its sub-address, unless the whole is one of its own."""
    return local.partition("+")[0] or local


def hop(address: str, *, served: bool = False) -> Hop:
    """The next step for a normalised address; with `served` as if no domain was passed on."""
    local, _, name = address.rpartition("@")
    domain = living_domain(name)
    if domain is None:
        return Hop(address, gettext_noop("elsewhere"), elsewhere=True)
    if domain.relay_to and not served:
        # Before all rules of the domain: who is known there, only the other server knows.
        return Hop(address, gettext_noop("passed on"), relay_to=domain.relay_to)
    if domain.alias_of is not None:
        return Hop(address, gettext_noop("domain alias"), next=(f"{local}@{domain.alias_of.name}",))
    for part in dict.fromkeys((local, without_sub_address(local))):
        mailbox, forwarder, answered = own_rows(domain, part)
        if mailbox or forwarder or answered:
            return _own_hop(f"{part}@{name}", domain, mailbox, forwarder, answered, served=served)
    return _default_hop(address, domain, served=served)


def _own_hop(
    address: str,
    domain: Domain,
    mailbox: Mailbox | None,
    forwarder: Forwarder | None,
    answered: bool,
    *,
    served: bool,
) -> Hop:
    if forwarder and forwarder.action == "fail":
        return Hop(
            address, gettext_noop("forwarder"), refused=forwarder.text or gettext_noop("unknown")
        )
    stores = mailbox is not None and (forwarder is None or forwarder.keep_copy)
    if stores and mailbox and mailbox.receiving_suspended:
        return Hop(address, gettext_noop("mailbox"), refused=gettext_noop("receiving is suspended"))
    if stores and domain.customer.pool_full:
        return Hop(
            address, gettext_noop("mailbox"), refused=gettext_noop("the customer's storage is full")
        )
    targets: tuple[str, ...] = ()
    dropped = False
    if forwarder and forwarder.action == "deliver":
        targets = tuple(forwarder.destinations.order_by("pk").values_list("address", flat=True))
    elif forwarder:
        dropped = True
    elif mailbox is None:
        # Only an autoresponder: what would have got the mail without it still does.
        below = _default_hop(address, domain, served=served)
        targets, dropped = below.next, below.dropped
    how = "mailbox" if stores else "forwarder" if forwarder else "autoresponder"
    store = address if stores else ""
    return Hop(address, how, next=targets, store=store, dropped=dropped, answered=answered)


def _default_hop(address: str, domain: Domain, *, served: bool) -> Hop:
    """What the domain does with a local part that it does not define."""
    local = address.rpartition("@")[0]
    if domain.forward_to:
        target = f"{local}@{domain.forward_to}"
        if takes(target, served=served):
            return Hop(address, gettext_noop("domain forwarder"), next=(target,))
    action = domain.catch_all_action
    if action == "deliver":
        return Hop(address, gettext_noop("catch-all"), next=tuple(domain.catch_all_destinations))
    if action == "blackhole":
        return Hop(address, gettext_noop("catch-all"), dropped=True)
    if without_sub_address(local) == "postmaster":
        # RFC 5321 §4.5.1: a domain that takes mail has a postmaster.
        return Hop(
            address, gettext_noop("no rule, but every domain has a postmaster"), operator=True
        )
    return Hop(
        address, gettext_noop("nobody"), refused=domain.catch_all_text or gettext_noop("unknown")
    )


def takes(address: str, depth: int = 0, *, served: bool = False) -> bool:
    """Whether an address exists, or its domain takes every address; elsewhere always."""
    local, _, name = address.rpartition("@")
    domain = living_domain(name)
    if domain is None or (domain.relay_to and not served):
        return True
    if depth > _LONGEST_CHAIN:
        return False
    if domain.alias_of is not None:
        return takes(f"{local}@{domain.alias_of.name}", depth + 1, served=served)
    if any(any(own_rows(domain, part)) for part in (local, without_sub_address(local))):
        return True
    through = f"{local}@{domain.forward_to}"
    if domain.forward_to and takes(through, depth + 1, served=served):
        return True
    return domain.catch_all_action in ("deliver", "blackhole")


@dataclass
class Outcome:
    """All that happens to a message for one address."""

    steps: list[Hop] = field(default_factory=list)
    stored: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    """Addresses elsewhere."""
    passed_on: set[tuple[str, str]] = field(default_factory=set)
    """Addresses of domains that another server still serves, and the host that is theirs."""
    answered: set[str] = field(default_factory=set)
    operator: bool = False
    refused: str = ""
    """Why the sender's server is told no; empty: accepted."""
    dropped: bool = False


def explain(address: str, *, served: bool = False) -> Outcome:
    """Follow an address to every end; raises `Refusal` for what is no address.

    With `served` as it will be once no domain is passed on to an old server any more.
    """
    checked = destination_address(address)
    outcome = Outcome()
    _follow(f"{checked.local.lower()}@{checked.domain}", outcome, set(), served)
    if not kept(outcome):
        ends = [step.refused for step in outcome.steps if step.refused]
        outcome.refused = ends[0] if ends else gettext_noop("unknown")
    return outcome


def kept(outcome: Outcome) -> bool:
    """Whether the message ends anywhere, even where it is thrown away."""
    ends = outcome.stored or outcome.sent or outcome.answered or outcome.passed_on
    return bool(ends or outcome.operator or outcome.dropped)


def _follow(address: str, outcome: Outcome, seen: set[str], served: bool) -> None:
    if address in seen or len(seen) > 5000:
        return
    seen.add(address)
    step = hop(address, served=served)
    outcome.steps.append(step)
    if step.elsewhere:
        outcome.sent.add(address)
    if step.relay_to:
        outcome.passed_on.add((address, step.relay_to))
    if step.store:
        outcome.stored.add(step.store)
    if step.answered:
        outcome.answered.add(step.address)
    outcome.dropped = outcome.dropped or step.dropped
    outcome.operator = outcome.operator or step.operator
    for target in step.next:
        local, _, domain = target.rpartition("@")
        hosted = living_domain(domain) is not None
        _follow(f"{local.lower() if hosted else local}@{domain}", outcome, seen, served)
