"""Whose a domain is: claimed by whoever adds it, live only once that is shown.

A claim stands in nobody's way: the same name may be claimed by others, and the first who proves it
has it. Who claims a name learns nothing about whether, or by whom, it is used here.
"""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import transaction

from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Customer, Domain
from mailstead.control.hosting.queries.loops import (
    refuse_loops_of_address,
    refuse_loops_of_domain,
)
from mailstead.control.hosting.services.common import checked_text, commit, facts, living
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal


def claim(actor: Actor, customer: Customer, name: str) -> Domain:
    """A domain that is not stored yet, proven or not; raises `Refusal` (`domain-exists`).

    The company is trusted; others prove, except below a domain of their own.
    """
    same = Domain.objects.filter(name=name, removed_at=None)
    taken = same.filter(proven=True).exists()
    if same.filter(customer=customer).exists() or (taken and actor.sees_everything):
        raise Refusal(
            "domain-exists",
            "The domain {bare} is hosted here already.",
            remedy="Remove it there first, or choose another.",
            bare=name,
        )
    made = Domain(name=name, customer=customer, proof_token=_token(customer, name))
    if actor.sees_everything:
        return made
    above = _above(name)
    own = above is not None and above.customer_id in (customer.pk, actor.customer)
    made.proven, made.proven_by = (True, "parent") if own and not taken else (False, "")
    return made


def _token(customer: Customer, name: str) -> str:
    """The same again for who has claimed it before: the record may still be there."""
    before = Domain.objects.filter(name=name, customer=customer).exclude(proof_token="")
    found = before.order_by("-pk").values_list("proof_token", flat=True).first()
    return found or secrets.token_hex(16)


def _above(name: str) -> Domain | None:
    """The nearest domain here above this name."""
    parts = name.split(".")
    names = [".".join(parts[at:]) for at in range(1, len(parts))]
    found = {row.name: row for row in Domain.objects.filter(name__in=names, **_LIVE)}
    return next((found[one] for one in names if one in found), None)


_LIVE = {"removed_at": None, "proven": True}


@transaction.atomic
def note_proof(*, now: dt.datetime, domain: Domain) -> None:
    """The proof was seen in the DNS: the domain becomes live with all that was prepared in it.

    Raises `Refusal` (`domain-taken`) where it, or the domain above it, is another's already.
    """
    _prove(Actor.system(), now, "prove", domain, "dns", "")


@transaction.atomic
def accept_domain(*, actor: Actor, now: dt.datetime, domain: Domain, reason: str) -> None:
    """The company knows whose it is, and says how: the domain becomes live without a record."""
    words = checked_text(reason.strip(), "reason", 300)
    if not words:
        raise Refusal("reason-missing", "A reason is missing.", remedy="Say why.")
    _prove(actor, now, "accept", domain, "company", words)


def _prove(
    actor: Actor, now: dt.datetime, verb: str, domain: Domain, how: str, reason: str
) -> None:
    # In one order for all who claim the name: the second sees that the first has it.
    rows = Domain.objects.select_for_update().filter(name=domain.name, removed_at=None)
    others = [row for row in rows.order_by("pk") if row.proven and row.pk != domain.pk]
    before = facts(living(domain))
    if domain.proven:
        return
    above = _above(domain.name) if how == "dns" else None
    allowed = (domain.customer_id, domain.customer.reseller_id)
    if others or (above is not None and above.customer_id not in allowed):
        raise Refusal(
            "domain-taken",
            "{name} is in use in another account, or the domain above it is.",
            remedy="If it is yours, ask us: we settle it with you.",
            name=domain.name,
        )
    domain.proven, domain.proven_by = True, how
    domain.save(update_fields=["proven", "proven_by"])
    # What was prepared was not looked at for circles while it led nowhere.
    refuse_loops_of_domain(domain)
    for local in domain.forwarders.values_list("local", flat=True):
        refuse_loops_of_address(f"{local}@{domain.name}")
    commit(
        actor=actor,
        now=now,
        verb=verb,
        row=domain,
        label=domain.name,
        before=before,
        changes=list(messages.domain_contents(domain)),
        server=domain.server,
        reason=reason,
    )
