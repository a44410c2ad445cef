"""The log-ins of mailbox users, and the way back for who has lost the mailbox's password."""

from __future__ import annotations

import datetime as dt

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext

from mailstead.control.hosting.models import Mailbox
from mailstead.control.hosting.services.mailboxes import set_password
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import Person
from mailstead.control.web.links import panel_link
from mailstead.standards.refusal import Refusal

_SALT = "mailstead.hosting.recovery"
GOOD_FOR = dt.timedelta(hours=3)
"""How long the link to set a new password is good; a use ends it too."""


def log_in_of(mailbox: Mailbox) -> Person:
    """The panel's log-in of a mailbox, made where there is none."""
    person = Person.objects.filter(mailbox=mailbox.pk).first()
    if person is not None:
        return person
    with transaction.atomic():
        # Of an earlier mailbox of this address, which is gone.
        Person.objects.filter(email=mailbox.address).exclude(mailbox=None).delete()
        person = Person(email=mailbox.address, name=mailbox.name, mailbox=mailbox.pk)
        person.set_unusable_password()
        person.save()
    return person


def post_recovery(*, now: dt.datetime, address: str) -> None:
    """Mail the link to set a new password to the recovery address, if the mailbox has one.

    Says nothing about whether it has: who asks learns the same in every case.
    """
    local, _, name = address.strip().lower().rpartition("@")
    mailbox = (
        Mailbox.objects.filter(
            local=local,
            domain__name=name,
            domain__proven=True,
            removed_at=None,
            domain__removed_at=None,
        )
        .select_related("domain__customer")
        .first()
    )
    if mailbox is None or not mailbox.recovery_address or mailbox.login_suspended:
        return
    # The credential makes the link good for one change.
    token = signing.dumps([mailbox.pk, mailbox.credential], salt=_SALT)
    link = panel_link("hosting:recover", token)
    people.post(
        now=now,
        recipient=mailbox.recovery_address,
        subject=gettext("New password for {address}").format(address=mailbox.address),
        text=gettext(
            "Hello,\n\nsomebody asked for a new password for the mailbox {address}.\n\n"
            "Open this link and choose one:\n\n{link}\n\n"
            "The link is good for 3 hours and for one use. "
            "If it was not you, do nothing: the old password stays.\n"
        ).format(address=mailbox.address, link=link),
    )


def recoverable(token: str) -> Mailbox:
    """The mailbox of a recovery link; raises `Refusal` (`link-invalid`)."""
    try:
        number, credential = signing.loads(token, salt=_SALT, max_age=GOOD_FOR)
    except (signing.BadSignature, ValueError) as error:
        raise _bad_link() from error
    mailbox = (
        Mailbox.objects.filter(
            pk=number,
            credential=credential,
            domain__proven=True,
            removed_at=None,
            domain__removed_at=None,
        )
        .select_related("domain__customer", "domain__server")
        .first()
    )
    if mailbox is None or mailbox.login_suspended:
        raise _bad_link()
    return mailbox


def _bad_link() -> Refusal:
    return Refusal("link-invalid", "This link is not good any more.", remedy="Ask for a new one.")


def recover(*, now: dt.datetime, token: str, password: str, address: str, request: str) -> Mailbox:
    """Set a new password by a recovery link; `address` and `request` are the client's."""
    mailbox = recoverable(token)
    actor = Actor(
        kind="mailbox",
        name=mailbox.address,
        mailbox=mailbox.pk,
        address=address,
        request=request,
    )
    set_password(actor=actor, now=now, mailbox=mailbox, password=password)
    return mailbox
