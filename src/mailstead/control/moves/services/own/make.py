"""Making a move between own servers, and its beginning and end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Customer, Domain, Server
from mailstead.control.moves import life
from mailstead.control.moves.models import Batch, Copy, Move, OwnMove, PlanRow
from mailstead.control.moves.services import copies, planning
from mailstead.control.moves.services.common import came, locked, note, said, step
from mailstead.control.moves.services.own import doors, peers, rounds
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

NODE = "node"
"""`Move.origin` of these moves."""
BACK_GRACE = dt.timedelta(days=7)
"""For which both servers go on meeting after a move was taken back."""


@transaction.atomic
def create_own_move(
    *,
    actor: Actor,
    now: dt.datetime,
    server: Server,
    customer: Customer | None = None,
    domains: Sequence[Domain] = (),
    batch: Batch | None = None,
) -> Move:
    """A planned move to another server of ours: of a customer, or of some of its domains.

    Aliases of a domain go with it. Raises `Refusal`.
    """
    roles.require(actor, "move.create")
    chosen, owner = _chosen(customer, domains, server)
    source = chosen[0].server
    if any(one.server_id != source.pk for one in chosen):
        raise Refusal(
            "domains-apart",
            "These domains are not all on the same server.",
            remedy="Make a move for each server.",
        )
    for one in chosen:
        _refuse_busy(one, server)
    move = Move.objects.create(
        customer=owner,
        customer_name=owner.name,
        server=server,
        origin=NODE,
        place=source.name,
        old_host=source.hostname,
        account=", ".join(one.name for one in chosen)[:255],
        panel="mailstead",
        batch=batch,
        since=now,
        created_at=now,
        created_by=str(actor)[:280],
    )
    OwnMove.objects.create(
        move=move, source=source.name, target=server.name, domains=[one.pk for one in chosen]
    )
    names = [one.name for one in chosen]
    note(actor, now, move, "create", after={"domains": names, "server": server.name})
    planning.make_plan(actor=actor, now=now, move=move)
    return move


def _chosen(
    customer: Customer | None, domains: Sequence[Domain], server: Server
) -> tuple[list[Domain], Customer]:
    """The living domains that are meant, with their aliases, and whose they are."""
    found = {one.pk: one for one in domains}
    if customer is not None and not found:
        rows = customer.domains.filter(removed_at=None).exclude(server=server)
        found = {one.pk: one for one in rows.select_related("server", "alias_of")}
    aliases = Domain.objects.filter(alias_of__in=list(found), removed_at=None)
    found |= {one.pk: one for one in aliases.select_related("server", "alias_of")}
    if not found:
        raise Refusal(
            "domains-missing",
            "There is no domain that could be moved to {server}.",
            remedy="Name a customer or domains that are at home on another server.",
            server=server.name,
        )
    ordered = sorted(found.values(), key=lambda one: (one.alias_of_id is not None, one.name))
    owners = {one.customer_id for one in ordered}
    if len(owners) > 1 or (customer is not None and owners != {customer.pk}):
        raise Refusal(
            "domains-of-several",
            "These domains are not all of the same customer.",
            remedy="Make a move for each customer.",
        )
    return ordered, ordered[0].customer


def _refuse_busy(domain: Domain, server: Server) -> None:
    if domain.removed_at is not None or domain.server_id == server.pk:
        raise Refusal(
            "domain-at-home",
            "{name} is removed, or at home on {server} already.",
            remedy="Leave it out.",
            name=domain.name,
            server=server.name,
        )
    if domain.alias_of is not None and domain.alias_of.server_id != domain.server_id:
        raise Refusal("alias-invalid", f"{domain.alias_of.name} is at home on another server.")
    open_moves = OwnMove.objects.exclude(move__state__in=life.OVER)
    if any(domain.pk in one.domains for one in open_moves):
        raise Refusal(
            "move-exists",
            "There is a move of {name} already.",
            remedy="Go on with that one.",
            name=domain.name,
        )


def start_own(actor: Actor, now: dt.datetime, move: Move, reason: str) -> None:
    """Tell the target all of the domains, then copy; inside the caller's transaction."""
    own = move.own
    doors.refuse_closed(own.source)
    step(actor, now, move, "start", reason)
    assert move.server is not None
    for domain in rounds.domains_of(own):
        if domain.server.name != own.source:
            raise Refusal(
                "domain-moved",
                "{name} is not at home on {server} any more.",
                remedy="Make another move.",
                name=domain.name,
                server=own.source,
            )
        if domain.alias_of is not None and domain.alias_of_id not in own.domains:
            raise Refusal(
                "alias-target-stays",
                "{name} is an alias of {target}, which does not move.",
                remedy="Move that domain: its aliases go with it.",
                name=domain.name,
                target=domain.alias_of.name,
            )
        # Of a move that was taken back: begin with nothing there.
        hosting.drop_second_server(actor=actor, now=now, domain=domain, grace=dt.timedelta(0))
        hosting.add_second_server(actor=actor, now=now, domain=domain, server=move.server)
        came(move, "domain", domain.pk, domain.name)
    peers.tell((own.source, own.target), now)
    OwnMove.objects.filter(pk=own.pk).update(phase="", back=False, left=False, words="")
    copies.end_copies(move, now)
    Copy.objects.filter(move=move).delete()
    rounds.take_new(move, own)
    rows = PlanRow.objects.filter(move=move).exclude(grade="refused").exclude(kind="mail")
    rows.update(outcome="made")
    PlanRow.objects.filter(move=move, kind="mail").update(outcome="made")


def leave(actor: Actor, now: dt.datetime, move: Move, *, grace: dt.timedelta) -> None:
    """The server that is no longer the home forgets the domains; in the caller's transaction."""
    own = OwnMove.objects.select_for_update().get(move=move)
    copies.end_copies(move, now)
    for domain in rounds.domains_of(own):
        hosting.drop_second_server(actor=actor, now=now, domain=domain, grace=grace)
    peers.tell((own.source, own.target), now)
    OwnMove.objects.filter(pk=own.pk).update(left=True)


def grace_of_mail() -> dt.timedelta:
    """For how long the mail that stays behind is kept: as that of removed mailboxes."""
    return dt.timedelta(days=settings.MAILSTEAD.storage.grace_days)


def finish_own(actor: Actor, now: dt.datetime, move: Move, reason: str) -> None:
    """The old server is needed no more; inside the caller's transaction. Raises `Refusal`."""
    if move.own.phase:
        raise Refusal("home-changes", "The change of the home server is under way.", remedy="Wait.")
    if not move.own.left and any(one.state != "done" for one in rounds.living(move)):
        raise Refusal(
            "move-not-same",
            "Not every mailbox is known to be the same on both servers.",
            remedy="Wait until the round is over, or see what has failed.",
        )
    step(actor, now, move, "finish", reason)
    leave(actor, now, move, grace=grace_of_mail())


@transaction.atomic
def leave_expired(move: Move, now: dt.datetime) -> bool:
    """After the grace period the other server forgets the domains, when nothing is missing there.

    Returns whether it did.
    """
    locked(move)
    own = OwnMove.objects.select_for_update().get(move=move)
    over = move.grace_until is not None and move.grace_until < now
    if not over or own.left or own.phase or move.state not in rounds.MEETING:
        return False
    if any(one.state != "done" for one in rounds.living(move)):
        return False
    leave(Actor.system(), now, move, grace=grace_of_mail())
    said(Actor.system(), now, move, "leave")
    return True
