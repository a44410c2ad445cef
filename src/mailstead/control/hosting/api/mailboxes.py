"""Mailboxes: life, password, suspension."""

from __future__ import annotations

from typing import Literal

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Status

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.api.found import Named, domain_in, mailbox_in
from mailstead.control.hosting.api.schemas import MailboxOut, mailbox_out
from mailstead.control.hosting.models import Mailbox
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Page, Turn, paged
from mailstead.control.people.api.schemas import In, Size
from mailstead.standards import password as passwords
from mailstead.standards.address import mailbox_address
from mailstead.standards.refusal import Refusal

router = Router(tags=["Mailboxes"])
What = Literal["login", "sending", "receiving"]


class Secret(In):
    """A password, or a hash found elsewhere; with neither one is made."""

    password: str | None = Field(None, max_length=200, description="Null: one is made and shown.")
    hash: str | None = Field(
        None, max_length=250, description="Of a password that is moved here, as `{SCHEME}…`."
    )

    def given(self) -> tuple[dict[str, str | None], str | None]:
        """What the services take, and the password that was made; raises `Refusal`."""
        if self.password is not None and self.hash is not None:
            raise Refusal(
                "password-ways",
                "Both a password and a hash are given.",
                remedy="Give one of the two.",
            )
        made = passwords.generate() if self.password is None and self.hash is None else None
        return {"password": self.password or made, "hashed": self.hash}, made


class MailboxNew(Secret):
    """A new mailbox."""

    address: str = Field(min_length=3, max_length=320)
    quota: Size = 0
    name: str = Field("", max_length=120, description="Whose mailbox it is.")
    recovery_address: str = Field(
        "", max_length=254, description="Where a link to a new password may go; not hosted here."
    )


class MailboxChange(In):
    """What is to be changed."""

    quota: Size | None = None
    name: str | None = Field(None, max_length=120)
    recovery_address: str | None = Field(None, max_length=254)


class MailboxMade(MailboxOut):
    """A mailbox, and the password that was made for it."""

    password: str | None = Field(
        None, description="Shown this once; null where one was given, and in a repeated answer."
    )
    breached: bool = Field(
        False, description="Whether the password is known from leaks: another one is better."
    )


class MailboxFind(Turn):
    """Which mailboxes."""

    q: str = Field("", max_length=320, description="Only what contains this text.")
    domain: str = Field("", max_length=253, description="Only of this domain.")
    removed: bool = Field(False, description="Those within their grace period instead.")


class Suspension(In):
    """What is to be suspended, and why."""

    what: list[What] = Field(min_length=1, max_length=3)
    reason: str = Field("", max_length=300, description="Told to whom it concerns.")


class Resumption(In):
    """What is to be no longer suspended."""

    what: list[What] = Field(min_length=1, max_length=3)


def _made(mailbox: Mailbox, password: str | None) -> MailboxMade:
    row = mailbox_out(mailbox).model_dump()
    return MailboxMade(**row, password=password, breached=mailbox.breached)


@router.get("/mailboxes", response=Page[MailboxOut], summary="List mailboxes")
@operation("mailbox.list")
def list_mailboxes(request: HttpRequest, find: Query[MailboxFind]) -> object:
    """Mailboxes that the token sees, in the order in which they were added."""
    actor = caller(request)
    inside = domain_in(request, find.domain)[1] if find.domain else None
    rows = queries.mailboxes(actor, search=find.q, domain=inside, removed=find.removed)
    return paged(rows, find, mailbox_out)


@router.post("/mailboxes", response={201: MailboxMade}, summary="Add a mailbox")
@operation("mailbox.create", secrets=("password",))
def create_mailbox(request: HttpRequest, body: MailboxNew) -> Status[MailboxMade]:
    """With a password, an imported hash, or a password that is made and shown this once."""
    actor = caller(request)
    domain = queries.domain_named(actor, mailbox_address(body.address).domain)
    secret, made = body.given()
    row = services.create_mailbox(
        actor=actor,
        now=timezone.now(),
        domain=domain,
        address=body.address,
        quota=body.quota,
        name=body.name,
        recovery_address=body.recovery_address,
        **secret,
    )
    return Status(201, _made(row, made))


@router.get("/mailboxes/{mailbox}", response=MailboxOut, summary="Show a mailbox")
@operation("mailbox.view")
def show_mailbox(request: HttpRequest, mailbox: Named) -> MailboxOut:
    """One of them, by its address or number."""
    return mailbox_out(mailbox_in(request, mailbox)[1])


@router.patch("/mailboxes/{mailbox}", response=MailboxOut, summary="Change a mailbox")
@operation("mailbox.update")
def change_mailbox(request: HttpRequest, mailbox: Named, body: MailboxChange) -> MailboxOut:
    """Change what is given."""
    actor, found = mailbox_in(request, mailbox)
    with transaction.atomic():
        services.update_mailbox(
            actor=actor, now=timezone.now(), mailbox=found, quota=body.quota, name=body.name
        )
        if body.recovery_address is not None:
            services.set_recovery_address(
                actor=actor,
                now=timezone.now(),
                mailbox=found,
                address=body.recovery_address,
            )
    return mailbox_out(found)


@router.post("/mailboxes/{mailbox}/password", response=MailboxMade, summary="Change a password")
@operation("mailbox.set-password", secrets=("password",))
def set_password(request: HttpRequest, mailbox: Named, body: Secret) -> MailboxMade:
    """Sessions that were opened with the old one end."""
    actor, found = mailbox_in(request, mailbox)
    secret, made = body.given()
    services.set_password(actor=actor, now=timezone.now(), mailbox=found, **secret)
    return _made(found, made)


@router.post("/mailboxes/{mailbox}/suspend", response=MailboxOut, summary="Suspend a mailbox")
@operation("mailbox.suspend-login")
def suspend_mailbox(request: HttpRequest, mailbox: Named, body: Suspension) -> MailboxOut:
    """Log-in, sending and receiving, each apart."""
    actor, found = mailbox_in(request, mailbox)
    with transaction.atomic():
        for what in dict.fromkeys(body.what):
            services.suspend_mailbox(
                actor=actor, now=timezone.now(), mailbox=found, what=what, reason=body.reason
            )
    return mailbox_out(found)


@router.post("/mailboxes/{mailbox}/resume", response=MailboxOut, summary="Resume a mailbox")
@operation("mailbox.resume-login")
def resume_mailbox(request: HttpRequest, mailbox: Named, body: Resumption) -> MailboxOut:
    """The suspensions that are named end."""
    actor, found = mailbox_in(request, mailbox)
    with transaction.atomic():
        for what in dict.fromkeys(body.what):
            services.resume_mailbox(actor=actor, now=timezone.now(), mailbox=found, what=what)
    return mailbox_out(found)


@router.delete("/mailboxes/{mailbox}", response=MailboxOut, summary="Remove a mailbox")
@operation("mailbox.remove")
def remove_mailbox(request: HttpRequest, mailbox: Named) -> MailboxOut:
    """Its mail is kept until `purge_after`; until then the removal can be undone."""
    actor, found = mailbox_in(request, mailbox)
    services.remove_mailbox(actor=actor, now=timezone.now(), mailbox=found, grace=queries.grace())
    return mailbox_out(found)


@router.post("/mailboxes/{mailbox}/restore", response=MailboxOut, summary="Restore a mailbox")
@operation("mailbox.restore")
def restore_mailbox(request: HttpRequest, mailbox: Named) -> MailboxOut:
    """Undo a removal: log-in, mail and rules are as they were."""
    actor, found = mailbox_in(request, mailbox, removed=True)
    services.restore_mailbox(actor=actor, now=timezone.now(), mailbox=found)
    return mailbox_out(found)
