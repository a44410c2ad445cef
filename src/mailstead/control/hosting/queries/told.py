"""What happens to mail for an address, as far as who asks may see it."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from mailstead.control.hosting.models import Domain
from mailstead.control.hosting.queries.hops import Hop, Outcome, explain, kept
from mailstead.control.hosting.queries.lists import domain_named
from mailstead.control.hosting.queries.scope import of_domains
from mailstead.control.people.actor import Actor
from mailstead.standards.address import destination_address
from mailstead.standards.refusal import Refusal


def explain_to(actor: Actor, address: str) -> Outcome:
    """`explain`, ending where mail leaves what the actor sees; raises `Refusal`.

    Only the company may ask about an address that is not its own customer's or not hosted here.
    """
    if actor.sees_everything:
        return explain(address)
    domain = domain_named(actor, destination_address(address).domain)
    if not domain.proven:
        raise Refusal(
            "domain-unproven",
            "{name} is not active yet: it waits for the proof whose it is.",
            remedy="Its page of the DNS says which record shows that.",
            name=domain.name,
        )
    whole = explain(address)
    names = {_name(step.address) for step in whole.steps}
    seen = Domain.objects.filter(of_domains(actor), name__in=names, proven=True, removed_at=None)
    own = set(seen.values_list("name", flat=True))
    told = Outcome()
    _follow(whole.steps[0].address, {step.address: step for step in whole.steps}, own, told, set())
    if not kept(told):
        told.refused = whole.refused or gettext_noop("unknown")
    return told


def _name(address: str) -> str:
    return address.rpartition("@")[2]


def _follow(
    address: str, steps: dict[str, Hop], own: set[str], told: Outcome, done: set[str]
) -> None:
    if address in done:
        return
    done.add(address)
    step = steps.get(address) or Hop(address, gettext_noop("elsewhere"), elsewhere=True)
    if _name(step.address) not in own:
        step = Hop(address, gettext_noop("elsewhere"), elsewhere=True)
        told.sent.add(address)
    told.steps.append(step)
    if step.relay_to:
        told.passed_on.add((step.address, step.relay_to))
    if step.store:
        told.stored.add(step.store)
    if step.answered:
        told.answered.add(step.address)
    told.dropped = told.dropped or step.dropped
    told.operator = told.operator or step.operator
    for target in step.next:
        local, _, domain = target.rpartition("@")
        lowered = f"{local.lower()}@{domain}"
        _follow(lowered if lowered in steps else target, steps, own, told, done)
