"""Whose mailbox a page is about: the reader's own, or one that its administrator looks at.

Every page about one mailbox has two addresses, `/my/…` and `/mailboxes/<number>/…`, and one view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting import queries
from mailstead.control.hosting.models import Mailbox
from mailstead.control.people.actor import Actor
from mailstead.control.people.pages import actor_in
from mailstead.control.people.roles import may
from mailstead.standards.refusal import Refusal

_TABS = (
    ("delivery", _("Delivery"), "delivery.view"),
    ("rules", _("Rules"), "rules.view"),
    ("vacation", _("Absence"), "vacation.view"),
    ("spam", _("Spam"), "spam.view"),
    ("apps", _("App passwords"), "app-password.view"),
    ("sign-ins", _("Sign-ins"), "sign-in.view"),
    ("sending", _("Sending"), "sending-use.view"),
    ("storage", _("Storage"), "folder.view"),
    ("clients", _("Mail programs"), "mailbox.view"),
)
_OF_DELIVERY = ("delivery", "delivery-message")
"""Pages of the app above."""


@dataclass(frozen=True)
class Tab:
    """One of the pages about a mailbox, as its administrator finds them side by side."""

    title: Any
    link: str
    present: bool


@dataclass(frozen=True)
class Place:
    """A mailbox and where its pages are."""

    mailbox: Mailbox
    actor: Actor
    own: bool
    """The reader is the mailbox's user: the pages stand in the menu, not behind a trail."""
    page: str = ""
    """The tab that is open."""

    def link(self, page: str, *values: object) -> str:
        """The address of one of the pages of this mailbox."""
        space = "delivery" if page in _OF_DELIVERY else "hosting"
        if self.own:
            return reverse(f"{space}:my-{page}", args=values)
        return reverse(f"{space}:mailbox-{page}", args=(self.mailbox.pk, *values))

    def may(self, rule: str) -> bool:
        """Whether the reader has the verb; where not, its button is not shown."""
        return may(self.actor, rule)

    @property
    def tabs(self) -> list[Tab]:
        """The pages that the reader may open, after the mailbox's own page."""
        return [
            Tab(title, self.link(page), page == self.page)
            for page, title, rule in _TABS
            if self.may(rule)
        ]


def mailbox_in(request: HttpRequest, number: int | None, page: str = "") -> Place:
    """The mailbox that the page is about: with a number that one, else the reader's own.

    One that the reader does not see is refused as if it were not there (`mailbox-unknown`).
    """
    actor = actor_in(request)
    wanted = actor.mailbox if number is None else number
    mailbox = queries.mailboxes(actor).filter(pk=wanted, domain__removed_at=None).first()
    if mailbox is None:
        raise Refusal("mailbox-unknown", "There is no such mailbox.")
    return Place(mailbox=mailbox, actor=actor, own=actor.kind == "mailbox", page=page)


def show(
    request: HttpRequest, template: str, place: Place, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page about a mailbox."""
    known = {"place": place, "mailbox": place.mailbox, **context}
    return render(request, f"hosting/mailbox/{template}.html", known, status=status)


def to(place: Place, page: str, *values: object) -> HttpResponse:
    """On to another page of the same mailbox."""
    return redirect(place.link(page, *values))
