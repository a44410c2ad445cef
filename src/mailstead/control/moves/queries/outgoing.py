"""What an export of ours says: a customer, or one domain, in the words of every other source.

The other way of `services.install`: whoever reads it again makes the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from django.db.models import F, QuerySet

from mailstead.control.hosting.models import (
    Autoresponder,
    Customer,
    DkimKey,
    Domain,
    Forwarder,
    Mailbox,
    RuleSet,
    SpamSettings,
)
from mailstead.control.hosting.queries import route_of, scope
from mailstead.control.moves.models import Webmail
from mailstead.control.people import queries as people
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.foreign import inventory as found
from mailstead.foreign.inventory import Target
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import Route

PLACE = "mailstead"
"""Stands in the place of a file's name: what is told comes from the database."""
_KEYS = ("signing", "visible", "waiting")
"""States of signing keys that are worth carrying, the one that signs first."""


@dataclass(frozen=True)
class _Things:
    """Rows of all domains, by the number of the domain or of the mailbox."""

    mailboxes: Mapping[int, list[Mailbox]]
    forwarders: Mapping[int, list[Forwarder]]
    answers: Mapping[int, list[Autoresponder]]
    keys: Mapping[int, list[DkimKey]]
    rules: Mapping[int, RuleSet]
    spam: Mapping[int, SpamSettings]
    webmail: Mapping[int, Webmail]


def exported_domains(customer: Customer, domain: str = "") -> QuerySet[Domain]:
    """The domains that an export holds: living ones whose owner is proven.

    By name, aliases last: whoever makes them needs their targets.
    """
    rows = Domain.objects.filter(customer=customer, removed_at=None, proven=True)
    rows = rows.filter(name=domain) if domain else rows
    return rows.select_related("alias_of", "server").order_by(
        F("alias_of").asc(nulls_first=True), "name"
    )


def outgoing(actor: Actor, customer: Customer, domain: str = "") -> found.Inventory:
    """All of a customer's, or one domain of it, as the neutral model says it. Raises `Refusal`."""
    roles.require(actor, "export.create")
    if not scope.sees_customer(actor, customer):
        raise Refusal("object-unknown", "There is no such thing here.")
    domains = list(exported_domains(customer, domain))
    if domain and not domains:
        raise Refusal(
            "domain-unknown",
            "{customer} has no domain {domain}.",
            remedy="List the domains first.",
            customer=customer.name,
            domain=domain,
        )
    things = _things(domains)
    limits = found.Limits(octets=customer.quota or None, mailboxes=customer.mailbox_limit)
    return found.Inventory(
        panel="mailstead",
        account=customer.name,
        contacts=_contacts(customer),
        suspended=customer.suspended,
        suspended_words=customer.suspended_reason,
        owner=customer.reseller.name if customer.reseller else "",
        package=customer.package.name if customer.package else "",
        limits=limits,
        domains=tuple(_domain(one, customer, things) for one in domains),
    )


def _contacts(customer: Customer) -> tuple[str, ...]:
    """Where the owner is written to: the contact address, then whoever signs in for it."""
    members = people.members(customer.pk).filter(role__in=("customer", "reseller"))
    emails = members.values_list("person__email", flat=True)
    return tuple(dict.fromkeys(one for one in (customer.email, *emails) if one))


R = TypeVar("R", Mailbox, Forwarder, Autoresponder, DkimKey)


def _by_domain(rows: Iterable[R]) -> Mapping[int, list[R]]:
    kept = defaultdict(list)
    for row in rows:
        kept[row.domain_id].append(row)
    return kept


def _things(domains: Iterable[Domain]) -> _Things:
    """In a handful of queries, however large the customer."""
    inside = [one.pk for one in domains]
    boxes = Mailbox.objects.filter(domain__in=inside, removed_at=None).order_by("local")
    forwarders = Forwarder.objects.filter(domain__in=inside).order_by("local")
    of_boxes = {"mailbox__domain__in": inside, "mailbox__removed_at": None}
    keys = DkimKey.objects.filter(domain__in=inside, state__in=_KEYS).exclude(private_key="")
    return _Things(
        mailboxes=_by_domain(boxes),
        forwarders=_by_domain(forwarders.prefetch_related("destinations")),
        answers=_by_domain(Autoresponder.objects.filter(domain__in=inside).order_by("local")),
        keys=_by_domain(sorted(keys, key=lambda key: (_KEYS.index(key.state), key.selector))),
        rules={one.mailbox_id: one for one in RuleSet.objects.filter(**of_boxes)},
        spam={one.mailbox_id: one for one in SpamSettings.objects.filter(**of_boxes)},
        webmail={one.mailbox_id: one for one in Webmail.objects.filter(**of_boxes)},
    )


def _domain(domain: Domain, customer: Customer, things: _Things) -> found.Domain:
    name = domain.name
    return found.Domain(
        name=name,
        kind="other",
        # Whoever reads it again is asked: its mail does not arrive here now.
        routing="remote" if domain.relay_to else "local",
        suspended=domain.suspended or customer.suspended,
        mirror_of=domain.alias_of.name if domain.alias_of else "",
        forward_to=domain.forward_to,
        default=_default(domain),
        mailboxes=tuple(_mailbox(box, name, things) for box in things.mailboxes.get(domain.pk, ())),
        aliases=tuple(_alias(one, name) for one in things.forwarders.get(domain.pk, ())),
        autoresponders=tuple(_answer(one, name) for one in things.answers.get(domain.pk, ())),
        dkim=tuple(
            found.DkimKey(selector=key.selector, private_key=key.private_key, place=PLACE)
            for key in things.keys.get(domain.pk, ())
        ),
    )


def _default(domain: Domain) -> found.Alias | None:
    if not domain.catch_all_action:
        return None
    route = msgspec.convert(
        {
            "action": domain.catch_all_action,
            "destinations": domain.catch_all_destinations,
            "text": domain.catch_all_text,
        },
        Route,
    )
    return found.Alias(address=f"@{domain.name}", targets=_targets(route), place=PLACE)


def _targets(route: Route) -> tuple[Target, ...]:
    if route.action == "deliver":
        return tuple(Target(kind="address", value=one) for one in route.destinations)
    return (Target(kind=route.action, value=route.text),)


def _alias(row: Forwarder, name: str) -> found.Alias:
    return found.Alias(
        address=f"{row.local}@{name}",
        targets=_targets(route_of(row)),
        keep=row.keep_copy,
        place=PLACE,
    )


def _answer(row: Autoresponder, name: str) -> found.Autoresponder:
    return found.Autoresponder(
        address=f"{row.local}@{name}",
        body=row.body,
        subject=row.subject,
        from_name=row.from_name,
        html=row.html,
        starts=row.starts,
        ends=row.ends,
        interval=row.interval,
        place=PLACE,
    )


def _mailbox(box: Mailbox, name: str, things: _Things) -> found.Mailbox:
    web = things.webmail.get(box.pk)
    rule_set = things.rules.get(box.pk)
    script = rule_set.script if rule_set else ""
    rules = rule_set.rules if rule_set and not script else []
    return found.Mailbox(
        address=f"{box.local}@{name}",
        secret=box.secret,
        login_suspended=bool(box.login_suspended),
        receiving_suspended=bool(box.receiving_suspended),
        sending_suspended=bool(box.sending_suspended),
        quota=box.quota,
        login=box.login_name,
        # It holds in the place of the rules.
        sieve=(found.SieveScript(name="script", text=script, active=True, place=PLACE),)
        if script
        else (),
        rules=msgspec.json.encode(rules).decode() if rules else "",
        spam=_spam(things.spam.get(box.pk)),
        webmail=msgspec.json.decode(web.found, type=found.Webmail) if web else None,
    )


_SCORES = {"strict": 4.0, "normal": None, "lenient": 7.0}
"""About what the levels mean to other panels (`plan.mailboxes.spam_level`)."""


def _spam(row: SpamSettings | None) -> found.SpamWishes | None:
    if row is None:
        return None
    return found.SpamWishes(
        enabled=row.level != "off",
        score=_SCORES.get(row.level),
        allow=tuple(row.allow),
        deny=tuple(row.deny),
        level=row.level,  # type: ignore[arg-type]
        place=PLACE,
    )
