"""People and their rights: memberships, and what a customer demands of its people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import (
    ApiToken,
    CustomerPolicy,
    Invitation,
    Membership,
    Person,
    Role,
    Webhook,
)
from mailstead.control.people.services.audit import Owner, record
from mailstead.control.people.services.breached import KNOWN, is_breached
from mailstead.standards.address import destination_address
from mailstead.standards.refusal import Refusal

# Who may give which role: nobody more than they have.
_MAY_GIVE: dict[str, frozenset[str]] = {
    "system": frozenset(Role.values),
    "operator": frozenset(Role.values),
    "staff": frozenset({Role.RESELLER, Role.CUSTOMER, Role.DOMAIN_ADMIN}),
    "reseller": frozenset({Role.RESELLER, Role.CUSTOMER, Role.DOMAIN_ADMIN}),
    "customer": frozenset({Role.CUSTOMER, Role.DOMAIN_ADMIN}),
}


def person_row(person: Person, role: str, domains: Collection[int]) -> dict[str, object]:
    """A member's rights as the audit trail keeps them."""
    return {"email": person.email, "role": role, "domains": sorted(domains)}


def note_person(
    actor: Actor,
    now: dt.datetime,
    verb: str,
    person: Person,
    customer: int | None,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    reason: str = "",
) -> None:
    """Write what happens to a person's rights into the trail of whom they work for."""
    record(
        actor=actor,
        verb=verb,
        kind="person",
        label=person.email,
        object_id=person.pk,
        now=now,
        before=before,
        after=after,
        reason=reason,
        owner=Owner(customer=customer),
    )


def refuse_role(actor: Actor, role: str, customer: int | None) -> None:
    """Nobody gives more than they have, nor a role to whom it does not belong."""
    if role not in _MAY_GIVE.get(actor.kind, frozenset()):
        raise Refusal(
            "role-invalid",
            "You cannot give this role.",
            remedy="Choose one that you have yourself, or less.",
        )
    if (role in (Role.OPERATOR, Role.STAFF)) != (customer is None):
        raise Refusal(
            "role-invalid",
            "Operators and staff belong to the company, everybody else to a customer.",
            remedy="Choose another role.",
        )


def refuse_above(actor: Actor, role: str) -> None:
    """Nobody touches the place of somebody who has more than they could give."""
    if role not in _MAY_GIVE.get(actor.kind, frozenset()):
        raise Refusal(
            "member-above",
            "They have more rights than you.",
            remedy="Ask somebody who has as many.",
        )


def choose_password(person: Person, password: str) -> None:
    """Set a person's first password; `person.breached` says whether it is known from leaks.

    Raises `Refusal`: `password-breached`, or `password-weak` in the words of Django's validators.
    """
    person.breached = is_breached(password)
    try:
        validate_password(password, user=person)
    except ValidationError as error:
        raise Refusal("password-weak", " ".join(error.messages)) from error
    person.set_password(password)


@transaction.atomic
def create_member(
    *,
    actor: Actor,
    now: dt.datetime,
    email: str,
    password: str,
    role: str,
    customer: int | None,
    domains: Collection[int] = (),
    name: str = "",
) -> Membership:
    """A log-in with a password at once, without a mail: the first operator, demo, tests."""
    roles.require(actor, "person.invite")
    refuse_role(actor, role, customer)
    address = str(destination_address(email)).lower()
    person = Person.objects.filter(email=address).first()
    if person is None:
        person = Person(email=address, name=name, joined_at=now)
        choose_password(person, password)
        person.save()
    made, new = Membership.objects.get_or_create(
        person=person,
        customer=customer,
        defaults={"role": role, "domains": sorted(domains), "created_at": now},
    )
    if new:
        row = person_row(person, role, domains)
        known = KNOWN if person.breached else ""
        note_person(actor, now, "person.create", person, customer, after=row, reason=known)
    return made


@transaction.atomic
def update_member(
    *,
    actor: Actor,
    now: dt.datetime,
    membership: Membership,
    role: str,
    domains: Collection[int] = (),
) -> None:
    """Other rights for a member; raises `Refusal`."""
    roles.require(actor, "person.update")
    refuse_above(actor, membership.role)
    refuse_role(actor, role, membership.customer)
    _refuse_last(membership, role)
    person = membership.person
    before = person_row(person, membership.role, membership.domains)
    membership.role = role
    membership.domains = sorted(domains) if role == Role.DOMAIN_ADMIN else []
    membership.save()
    after = person_row(person, role, membership.domains)
    note_person(
        actor, now, "person.update", person, membership.customer, before=before, after=after
    )


def _refuse_last(membership: Membership, role: str | None) -> None:
    """Somebody must remain who can let others in."""
    head = Role.OPERATOR if membership.customer is None else membership.role
    if membership.role != head or membership.role == Role.DOMAIN_ADMIN or role == head:
        return
    others = Membership.objects.filter(customer=membership.customer, role=head)
    if not others.exclude(pk=membership.pk).exists():
        raise Refusal(
            "last-member",
            "{email} is the last one with full rights here.",
            remedy="Give them to somebody else first.",
            email=membership.person.email,
        )


@transaction.atomic
def remove_member(*, actor: Actor, now: dt.datetime, membership: Membership) -> None:
    """End a membership: its sessions and tokens end with the next request."""
    roles.require(actor, "person.remove")
    if membership.pk == actor.membership:
        raise Refusal(
            "member-self", "You cannot remove yourself.", remedy="Ask somebody else to do it."
        )
    refuse_above(actor, membership.role)
    _refuse_last(membership, None)
    person, number = membership.person, membership.pk
    before = person_row(person, membership.role, membership.domains)
    note_person(actor, now, "person.remove", person, membership.customer, before=before)
    membership.delete()
    if not Membership.objects.filter(person=person).exclude(pk=number).exists():
        person.delete()


@transaction.atomic
def demand_second_factor(*, actor: Actor, now: dt.datetime, customer: int, demanded: bool) -> None:
    """Whether everybody who works for this customer must sign in with a second factor."""
    roles.require(actor, "person.demand-second-factor")
    policy, _ = CustomerPolicy.objects.get_or_create(customer=customer)
    before = {"second_factor": policy.second_factor}
    policy.second_factor = demanded
    policy.save()
    record(
        actor=actor,
        verb="person.demand-second-factor",
        kind="person",
        label="everybody",
        object_id=customer,
        now=now,
        before=before,
        after={"second_factor": demanded},
        owner=Owner(customer=customer),
    )


def change_role(*, customer: int, old: str, new: str) -> None:
    """The customer has become another kind: so have its people; inside the caller's transaction."""
    Membership.objects.filter(customer=customer, role=old).update(role=new)
    Invitation.objects.filter(customer=customer, role=old).update(role=new)


def end_customer(*, customer: int) -> None:
    """The customer is gone: so are its memberships, invitations and what it demanded."""
    people = list(Membership.objects.filter(customer=customer).values_list("person", flat=True))
    ApiToken.objects.filter(membership__customer=customer).delete()
    Membership.objects.filter(customer=customer).delete()
    Invitation.objects.filter(customer=customer).delete()
    CustomerPolicy.objects.filter(customer=customer).delete()
    Webhook.objects.filter(customer=customer).delete()
    Person.objects.filter(pk__in=people, memberships=None).delete()


def end_domain(*, customer: int, domain: int) -> None:
    """The domain is gone: nobody administers it any more, nor is invited to."""
    named: list[Membership | Invitation] = [
        *Membership.objects.filter(customer=customer, role=Role.DOMAIN_ADMIN),
        *Invitation.objects.filter(customer=customer, role=Role.DOMAIN_ADMIN, accepted_at=None),
    ]
    for row in named:
        if domain in row.domains:
            row.domains = [other for other in row.domains if other != domain]
            row.save(update_fields=["domains"])


@transaction.atomic
def update_profile(
    *,
    actor: Actor,
    now: dt.datetime,
    person: Person,
    name: str,
    language: str,
    time_zone: str,
    theme: str,
) -> None:
    """How a person wants the panel; checked by the form."""
    roles.require(actor, "profile.update")
    before = {key: getattr(person, key) for key in ("name", "language", "time_zone", "theme")}
    person.name, person.language = name.strip()[:120], language
    person.time_zone, person.theme = time_zone, theme
    person.save()
    record(
        actor=actor,
        verb="profile.update",
        kind="person",
        label=person.email,
        object_id=person.pk,
        now=now,
        before=before,
        after={key: getattr(person, key) for key in before},
        owner=Owner(customer=actor.customer or None, mailbox=actor.mailbox or None),
    )
