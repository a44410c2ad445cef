"""Invitations: a link by which somebody sets a password and becomes a member."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext, override

from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import Invitation, Membership, Person, Role
from mailstead.control.people.services.audit import Owner, record
from mailstead.control.people.services.breached import KNOWN
from mailstead.control.people.services.members import (
    choose_password,
    note_person,
    person_row,
    refuse_above,
    refuse_role,
)
from mailstead.control.people.services.outbox import post
from mailstead.control.web.links import panel_link
from mailstead.standards.address import destination_address
from mailstead.standards.password import digest_of
from mailstead.standards.refusal import Refusal

GOOD_FOR = dt.timedelta(days=7)
"""How long the link of an invitation is good."""


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
    refuse_role(actor, role, customer)
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
    return invitation, panel_link("people:accept", token)


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
        choose_password(person, password)
        person.name = name.strip()[:120]
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
    themselves = Actor(
        kind="customer" if invitation.customer else "operator",
        name=person.email,
        address=actor.address if actor else "",
        request=actor.request if actor else "",
    )
    row = person_row(person, invitation.role, invitation.domains)
    known = KNOWN if person.breached else ""
    note_person(
        themselves, now, "person.accept", person, invitation.customer, after=row, reason=known
    )
    return person


@transaction.atomic
def withdraw_invitation(*, actor: Actor, now: dt.datetime, invitation: Invitation) -> None:
    """The link of an invitation is good no more."""
    roles.require(actor, "person.remove")
    refuse_above(actor, invitation.role)
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
