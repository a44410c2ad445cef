"""The customer, the domains, and what concerns a whole domain."""

from __future__ import annotations

from mailstead.control.hosting import messages
from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import DkimKey, Domain
from mailstead.control.moves.models import Move
from mailstead.control.moves.plan import domains as planned
from mailstead.control.moves.plan.items import Item
from mailstead.control.moves.plan.routes import default_route
from mailstead.control.moves.plan.rows import Verdict
from mailstead.control.moves.services.install.build import Build
from mailstead.control.people import services as people
from mailstead.foreign import inventory as found
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal

MAX_SIZE = 2**53


def ensure_customer(build: Build) -> None:
    """Make the customer of a move that has none yet, with the account's limits."""
    move: Move = build.move
    if move.customer is not None:
        return
    limits = build.site.inventory.limits
    contact = next((one for one in build.site.inventory.contacts if _outside(build, one)), "")
    move.customer = hosting.create_customer(
        **build.who,
        name=move.customer_name,
        email=contact,
        quota=min(limits.octets or 0, MAX_SIZE),
        mailbox_limit=None if limits.mailboxes is None else min(limits.mailboxes, 1_000_000),
    )
    move.save(update_fields=["customer"])
    build.came("customer", move.customer.pk, move.customer.name)


def _outside(build: Build, contact: str) -> bool:
    name = contact.rpartition("@")[2].lower()
    if name in build.site.domains:
        return False
    try:
        hosting.outside_address(contact)
    except Refusal:
        return False
    return True


def install_owner(build: Build, item: Item, verdict: Verdict) -> str:
    """The owner is invited to the contact address; never a password that they do not know."""
    if verdict.code == "owner-inside":
        return "left"
    email = hosting.outside_address(item.subject)
    if build.move.things.filter(kind="person", label=email).exists():
        return "present"
    try:
        made = people.invite(**build.who, email=email, role="customer", customer=build.customer.pk)
    except Refusal as refusal:
        if refusal.code == "member-exists":
            return "present"
        raise
    return build.came("person", made.pk, email)


def install_account(build: Build, item: Item, verdict: Verdict) -> str:
    """An account that was suspended: its domains are, one by one, by the rows of the domains."""
    return "made"


def install_domain(build: Build, item: Item, verdict: Verdict) -> str:
    """The domain, as its own or as an alias of another one."""
    domain: found.Domain = item.thing
    site = build.site
    alias = planned.as_alias(site, item)
    there = Domain.objects.filter(
        name=domain.name, removed_at=None, customer=build.customer
    ).first()
    if there is not None:
        made, outcome = build.domain(domain.name), "present"
    else:
        made = hosting.create_domain(
            **build.who, name=domain.name, customer=build.customer, server=build.server
        )
        outcome = build.came("domain", made.pk, made.name)
        if build.move.old_host and not alias:
            # Until the switch whoever writes to it reaches the old server, which is still in use.
            hosting.set_domain_relay(**build.who, domain=made, relay_to=build.move.old_host)
    if alias:
        target = build.domain(planned.target_of(site, domain))
        if made.alias_of_id != target.pk:
            hosting.make_domain_alias(**build.who, domain=made, target=target)
            outcome = "made"
    elif verdict.code == "mirror-with-own" and not domain.forward_to and not made.forward_to:
        hosting.set_domain_forwarder(**build.who, domain=made, target=domain.mirror_of)
    return outcome


def install_routing(build: Build, item: Item, verdict: Verdict) -> str:
    """Mail that is handled elsewhere goes on going there."""
    if planned.routing(build.site, item.thing) != planned.ELSEWHERE:
        return "made"
    made = build.domain(item.domain)
    if made.relay_to == "mx":
        return "present"
    hosting.set_domain_relay(**build.who, domain=made, relay_to="mx")
    return "made"


def install_suspended_domain(build: Build, item: Item, verdict: Verdict) -> str:
    """No log-in and no sending, as it was."""
    made = build.domain(item.domain)
    if made.suspended:
        return "present"
    words = build.site.inventory.suspended_words or "It was suspended before it moved."
    hosting.suspend_domain(**build.who, domain=made, reason=" ".join(words.split())[:300])
    return "made"


def install_default(build: Build, item: Item, verdict: Verdict) -> str:
    """The default address, with its action and its text."""
    route = default_route(item.thing, account=build.site.account_address()).route
    if route is None:
        return "left"
    made = build.domain(item.domain)
    if messages.catch_all(made) == route:
        return "present"
    hosting.set_catch_all(**build.who, domain=made, route=route)
    return "made"


def install_domain_forwarder(build: Build, item: Item, verdict: Verdict) -> str:
    """Local parts that nothing else serves go to the same at another domain."""
    target = normalise_domain(item.thing.forward_to)
    made = build.domain(item.domain)
    if made.forward_to == target:
        return "present"
    hosting.set_domain_forwarder(**build.who, domain=made, target=target)
    return "made"


def install_dkim(build: Build, item: Item, verdict: Verdict) -> str:
    """The signing key under its old selector."""
    key: found.DkimKey = item.thing
    made = build.domain(item.domain)
    there = DkimKey.objects.filter(domain=made, selector=key.selector).first()
    if there is not None and not hosting.gives_way(there, key.private_key):
        return "present"
    hosting.import_key(**build.who, domain=made, selector=key.selector, private_key=key.private_key)
    return "made"
