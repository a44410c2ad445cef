"""What the house has of that which a move brings."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from mailstead.control.hosting.models import Autoresponder, Domain, Forwarder, Mailbox
from mailstead.control.moves.models import Came, Move
from mailstead.control.moves.plan.house import HostedDomain, House
from mailstead.foreign.inventory import Inventory


def house_of(move: Move, inventory: Inventory) -> House:
    """In a handful of queries, however large the account."""
    names = {one.name for one in inventory.domains}
    names |= {one.mirror_of for one in inventory.domains if one.mirror_of}
    names |= {text.rpartition("@")[2].lower() for text in inventory.contacts}
    found = Domain.objects.filter(name__in=names, removed_at=None).select_related(
        "server", "alias_of"
    )
    came = _came(move)
    domains = {
        # Several may claim a name: the one that is live comes last and counts.
        one.name: HostedDomain(
            customer=one.customer_id,
            server=one.server.name,
            alias_of=one.alias_of.name if one.alias_of else "",
            mine=("domain", one.pk) in came,
        )
        for one in found.order_by("proven")
        if one.proven or one.customer_id == move.customer_id
    }
    inside = Q(domain__name__in=names, domain__removed_at=None)

    def mine(kind: str, rows: Iterable[tuple[str, str, int]]) -> dict[str, bool]:
        return {f"{local}@{name}": (kind, number) in came for local, name, number in rows}

    columns = ("local", "domain__name", "pk")
    return House(
        customer=move.customer_id or 0,
        server=move.server.name if move.server else "",
        domains=domains,
        mailboxes=mine(
            "mailbox",
            Mailbox.objects.filter(inside, removed_at=None).values_list(*columns),
        ),
        forwarders=mine("forwarder", Forwarder.objects.filter(inside).values_list(*columns)),
        autoresponders=mine(
            "autoresponder", Autoresponder.objects.filter(inside).values_list(*columns)
        ),
        logins=_logins(inventory),
        mailbox_room=_room(move),
    )


def _came(move: Move) -> set[tuple[str, int]]:
    return set(Came.objects.filter(move=move).values_list("kind", "object_id"))


def _logins(inventory: Inventory) -> dict[str, str]:
    wanted = [box.login for box in inventory.mailboxes() if box.login]
    rows = Mailbox.objects.filter(login_name__in=wanted, removed_at=None)
    found = rows.values_list("login_name", "local", "domain__name")
    return {login: f"{local}@{name}" for login, local, name in found}


def _room(move: Move) -> int | None:
    customer = move.customer
    if customer is None or customer.mailbox_limit is None:
        return None
    held = Mailbox.objects.filter(domain__customer=customer, removed_at=None).count()
    return max(0, customer.mailbox_limit - held)
