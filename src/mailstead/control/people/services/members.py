"""People and their rights: invitations, memberships, what a customer demands of its people."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext, override

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
from mailstead.control.people.services.outbox import post
from mailstead.standards.address import destination_address
from mailstead.standards.password import digest_of
from mailstead.standards.refusal import Refusal

GOOD_FOR = dt.timedelta(days=7)
"""How long the link of an invitation is good."""
# Who may give which role: nobody more than they have.
_MAY_GIVE: dict[str, frozenset[str]] = {
    "system": frozenset(Role.values),
    "operator": frozenset(Role.values),
    "staff": frozenset({Role.RESELLER, Role.CUSTOMER, Role.DOMAIN_ADMIN}),
    "reseller": frozenset({Role.RESELLER, Role.CUSTOMER, Role.DOMAIN_ADMIN}),
    "customer": frozenset({Role.CUSTOMER, Role.DOMAIN_ADMIN}),
}


def _person_row(person: Person, role: str, domains: Collection[int]) -> dict[str, object]:
    return {"email": person.email, "role": role, "domains": sorted(domains)}


@transaction.atomic
def invite(
    *,
    actor: Actor,
    now: dt.datetime,
    email: str,
    role: str,
    customer: int | None,
    domains: Collection[int] = (),
    brand: str = "",
    language: str = "",
) -> Invitation:
    """Mail somebody a link by which they set a password and get this role.

    `customer` and `domains` have been fetched through the actor by the caller, who also refuses
    addresses inside hosted domains. Raises `Refusal`.
    """
    address = str(destination_address(email)).lower()
    invitation, link = _new_invitation(actor, now, address, role, customer, domains)
    with override(language or None):
        post(
            now=now,
            recipient=address,
            subject=gettext("Your access to {name}").format(name=brand or settings.PANEL_NAME),
            text=gettext(
                "Hello,\n\n{who} invites you to manage mail at {name}.\n\n"
                "Open this link and choose a password:\n\n{link}\n\n"
                "The link is good for 7 days and for one use. "
                "If you did not expect it, do nothing.\n"
            ).format(who=actor.really.name, name=brand or settings.PANEL_NAME, link=link),
        )
    return invitation


@transaction.atomic
def invitation_link(
    *,
    actor: Actor,
    now: dt.datetime,
    role: str,
    email: str = "",
    customer: int | None = None,
    domains: Collection[int] = (),
) -> str:
    """The link of an invitation, for who hands it over by other means than mail.

    Without an `email` whoever opens it gives one: the way to the first operator.
    """
    address = str(destination_address(email)).lower() if email else ""
    return _new_invitation(actor, now, address, role, customer, domains)[1]


def _new_invitation(
    actor: Actor,
    now: dt.datetime,
    address: str,
    role: str,
    customer: int | None,
    domains: Collection[int],
) -> tuple[Invitation, str]:
    roles.require(actor, "person.invite")
    _refuse_role(actor, role, customer)
    if role == Role.DOMAIN_ADMIN and not domains:
        raise Refusal(
            "domains-missing",
            "A domain administrator needs at least one domain.",
            remedy="Choose the domains.",
        )
    if address and Membership.objects.filter(person__email=address, customer=customer).exists():
        raise Refusal(
            "member-exists",
            "{email} has a log-in here already.",
            remedy="Change the rights of that one.",
            email=address,
        )
    Invitation.objects.filter(email=address, customer=customer, accepted_at=None).delete()
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=address,
        role=role,
        customer=customer,
        domains=sorted(domains) if role == Role.DOMAIN_ADMIN else [],
        digest=digest_of(token),
        invited_by=str(actor.really),
        created_at=now,
        expires_at=now + GOOD_FOR,
    )
    record(
        actor=actor,
        verb="person.invite",
        kind="person",
        label=address or "whoever opens the link",
        object_id=invitation.pk,
        now=now,
        after={"email": address, "role": role, "domains": invitation.domains},
        owner=Owner(customer=customer),
    )
    return invitation, settings.PANEL_ORIGIN + reverse("people:accept", args=[token])


def _refuse_role(actor: Actor, role: str, customer: int | None) -> None:
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


def _refuse_above(actor: Actor, role: str) -> None:
    """Nobody touches the place of somebody who has more than they could give."""
    if role not in _MAY_GIVE.get(actor.kind, frozenset()):
        raise Refusal(
            "member-above",
            "They have more rights than you.",
            remedy="Ask somebody who has as many.",
        )


def refuse_weak(password: str, person: Person) -> None:
    """Raise `Refusal` (`password-weak`) in the words of Django's validators."""
    try:
        validate_password(password, user=person)
    except ValidationError as error:
        raise Refusal("password-weak", " ".join(error.messages)) from error


def open_invitation(token: str, now: dt.datetime) -> Invitation:
    """The invitation of a link; raises `Refusal` (`link-invalid`) when it is not good any more."""
    found = Invitation.objects.filter(digest=digest_of(token), accepted_at=None).first()
    if found is None or found.expires_at < now:
        raise Refusal(
            "link-invalid",
            "This link is not good any more.",
            remedy="Ask for a new one.",
        )
    return found


@transaction.atomic
def accept(
    *,
    now: dt.datetime,
    token: str,
    name: str,
    password: str,
    email: str = "",
    actor: Actor | None = None,
) -> Person:
    """Take an invitation: the person's log-in, made if there is none, becomes a member.

    Somebody who has a log-in gives its password; `actor` carries the client's address. `email` is
    for an invitation that names nobody. Raises `Refusal`.
    """
    invitation = open_invitation(token, now)
    address = invitation.email or str(destination_address(email)).lower()
    person = Person.objects.filter(email=address).first()
    if person is None:
        person = Person(email=address, joined_at=now)
        refuse_weak(password, person)
        person.name = name.strip()[:120]
        person.set_password(password)
        person.save()
    elif person.mailbox is not None or not person.check_password(password):
        raise Refusal(
            "password-wrong",
            "There is a log-in for {email} already, and this is not its password.",
            remedy="Give the password that it has, or set a new one first.",
            email=person.email,
        )
    # Two who open the same link at once: one of them changes the row.
    taken = Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(accepted_at=now)
    if not taken:
        raise Refusal("link-invalid", "This link is not good any more.")
    Membership.objects.create(
        person=person,
        role=invitation.role,
        customer=invitation.customer,
        domains=invitation.domains,
        created_at=now,
    )
    record(
        actor=Actor(
            kind="customer" if invitation.customer else "operator",
            name=person.email,
            address=actor.address if actor else "",
            request=actor.request if actor else "",
        ),
        verb="person.accept",
        kind="person",
        label=person.email,
        object_id=person.pk,
        now=now,
        after=_person_row(person, invitation.role, invitation.domains),
        owner=Owner(customer=invitation.customer),
    )
    return person


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
    _refuse_role(actor, role, customer)
    address = str(destination_address(email)).lower()
    person = Person.objects.filter(email=address).first()
    if person is None:
        person = Person(email=address, name=name, joined_at=now)
        refuse_weak(password, person)
        person.set_password(password)
        person.save()
    made, new = Membership.objects.get_or_create(
        person=person,
        customer=customer,
        defaults={"role": role, "domains": sorted(domains), "created_at": now},
    )
    if new:
        record(
            actor=actor,
            verb="person.create",
            kind="person",
            label=person.email,
            object_id=person.pk,
            now=now,
            after=_person_row(person, role, domains),
            owner=Owner(customer=customer),
        )
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
    _refuse_above(actor, membership.role)
    _refuse_role(actor, role, membership.customer)
    _refuse_last(membership, role)
    before = _person_row(membership.person, membership.role, membership.domains)
    membership.role = role
    membership.domains = sorted(domains) if role == Role.DOMAIN_ADMIN else []
    membership.save()
    record(
        actor=actor,
        verb="person.update",
        kind="person",
        label=membership.person.email,
        object_id=membership.person_id,
        now=now,
        before=before,
        after=_person_row(membership.person, role, membership.domains),
        owner=Owner(customer=membership.customer),
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
    _refuse_above(actor, membership.role)
    _refuse_last(membership, None)
    person, number = membership.person, membership.pk
    record(
        actor=actor,
        verb="person.remove",
        kind="person",
        label=person.email,
        object_id=person.pk,
        now=now,
        before=_person_row(person, membership.role, membership.domains),
        owner=Owner(customer=membership.customer),
    )
    membership.delete()
    if not Membership.objects.filter(person=person).exclude(pk=number).exists():
        person.delete()


@transaction.atomic
def withdraw_invitation(*, actor: Actor, now: dt.datetime, invitation: Invitation) -> None:
    """The link of an invitation is good no more."""
    roles.require(actor, "person.remove")
    _refuse_above(actor, invitation.role)
    record(
        actor=actor,
        verb="person.withdraw",
        kind="person",
        label=invitation.email,
        object_id=invitation.pk,
        now=now,
        before={"email": invitation.email, "role": invitation.role},
        owner=Owner(customer=invitation.customer),
    )
    invitation.delete()


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
