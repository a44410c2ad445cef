"""What a move between own servers finds: the house's own rows, in a handful of queries."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import QuerySet

from mailstead.control.delivery.queries import pools
from mailstead.control.dns.zones import queries as zones
from mailstead.control.hosting.models import (
    Autoresponder,
    DkimKey,
    Domain,
    Forwarder,
    HostName,
    Mailbox,
    RuleSet,
    Server,
    SpamSettings,
)
from mailstead.control.moves.models import Move, NodeDoor
from mailstead.control.moves.plan.own import Between, Box, Owned
from mailstead.control.people.actor import Actor


def between_of(move: Move) -> Between:
    """Of a move that was fetched through the actor."""
    own = move.own
    source = Server.objects.filter(name=own.source).first()
    target = move.server
    numbers = list(own.domains)
    rows = Domain.objects.filter(pk__in=numbers, removed_at=None).select_related("alias_of")
    found = {one.pk: one for one in rows}
    boxes, removed = _boxes(numbers)
    forwarders = _addresses(Forwarder.objects.filter(domain__in=numbers))
    answers = _addresses(Autoresponder.objects.filter(domain__in=numbers))
    keys = DkimKey.objects.filter(domain__in=numbers, state__in=("signing", "old"))
    names = HostName.objects.filter(domain__in=numbers)
    zones_here = zones.zones(Actor.system()).filter(
        name__in=[one.name for one in found.values()], server__name=own.source
    )
    served = set(zones_here.values_list("name", flat=True))
    domains = [
        Owned(
            name=one.name,
            alias_of=one.alias_of.name if one.alias_of else "",
            relay_to=one.relay_to,
            forward_to=one.forward_to,
            catch_all=bool(one.catch_all_action),
            boxes=boxes[one.pk],
            forwarders=forwarders[one.pk],
            autoresponders=answers[one.pk],
            keys=[key.selector for key in keys if key.domain_id == one.pk],
            host_names=[row.name for row in names if row.domain_id == one.pk],
            removed=removed[one.pk],
            zone_here=one.name in served,
        )
        for one in (found[number] for number in numbers if number in found)
    ]
    return Between(
        account=move.account,
        source=own.source,
        source_host=source.hostname if source else own.source,
        target=own.target,
        target_host=target.hostname if target else own.target,
        open_door=NodeDoor.objects.filter(server=own.source, port__gt=0).exists(),
        sends_by=_names(target) if target else (),
        domains=domains,
    )


def _names(server: Server) -> list[str]:
    rows = pools.sending_addresses(Actor.system(), server=server.name)
    return list(rows.values_list("helo", flat=True))


def _boxes(numbers: list[int]) -> tuple[dict[int, list[Box]], dict[int, int]]:
    boxes: dict[int, list[Box]] = defaultdict(list)
    removed: dict[int, int] = defaultdict(int)
    inside = {"mailbox__domain__in": numbers}
    rules = set(RuleSet.objects.filter(**inside).values_list("mailbox", flat=True))
    spam = set(SpamSettings.objects.filter(**inside).values_list("mailbox", flat=True))
    rows = Mailbox.objects.filter(domain__in=numbers).select_related("domain")
    for one in rows.order_by("local"):
        if one.removed_at is not None:
            removed[one.domain_id] += 1
            continue
        boxes[one.domain_id].append(
            Box(
                address=one.address,
                octets=one.usage_bytes,
                messages=one.usage_messages,
                quota=one.quota,
                has_rules=one.pk in rules,
                has_spam=one.pk in spam,
                login_name=one.login_name,
            )
        )
    return boxes, removed


def _addresses(rows: QuerySet[Forwarder] | QuerySet[Autoresponder]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for number, local, name in rows.order_by("local").values_list(
        "domain", "local", "domain__name"
    ):
        found[number].append(f"{local}@{name}")
    return found
