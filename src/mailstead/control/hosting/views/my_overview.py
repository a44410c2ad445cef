"""The first page of a mailbox user: room, absence, last sign-ins, and what needs attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting import queries
from mailstead.control.hosting.models import Mailbox
from mailstead.control.hosting.queries import Attention
from mailstead.control.hosting.queries.rule_words import rules_of
from mailstead.control.hosting.views.my_sign_ins import Passwords, told
from mailstead.control.hosting.views.my_vacation import answer_of
from mailstead.control.hosting.views.place import Place, mailbox_in

SHOWN = 5
NEARLY = 0.9
"""The share of the quota from which the room is said to run out."""


@dataclass(frozen=True)
class Link:
    """A page that is often wanted."""

    page: str
    title: str | Promise
    words: str | Promise
    icon: str


LINKS = (
    Link("vacation", _("Absence"), _("Answer by itself while you are away"), "sun"),
    Link("rule-add", _("Add a rule"), _("File, forward or mark what arrives"), "filter"),
    Link("clients", _("Set up a mail program"), _("Settings for phone and computer"), "mailbox"),
    Link("app-add", _("Make an app password"), _("One for each device"), "plug"),
)


def needs_attention(place: Place) -> list[Attention]:
    """What should not stay as it is, the worst first."""
    mailbox = place.mailbox
    found = _suspended(mailbox)
    if mailbox.password_leaked:
        found.append(
            Attention(
                "bad",
                gettext(
                    "Your password is known from leaks of other services, and thieves try it "
                    "first. Set one that you use nowhere else."
                ),
                place.link("password"),
                gettext("Set a new password"),
            )
        )
    full = mailbox.quota and mailbox.usage_bytes >= mailbox.quota
    if full or mailbox.domain.customer.pool_full:
        found.append(
            Attention(
                "bad",
                gettext("There is no room left: new mail is refused. Delete what you do not need."),
                place.link("storage"),
                gettext("See what takes up the room"),
            )
        )
    elif mailbox.quota and mailbox.usage_bytes >= NEARLY * mailbox.quota:
        found.append(
            Attention(
                "warn",
                gettext("The mailbox is almost full."),
                place.link("storage"),
                gettext("See what takes up the room"),
            )
        )
    if not mailbox.recovery_address:
        found.append(
            Attention(
                "warn",
                gettext("You have no recovery address: a lost password cannot be replaced by you."),
                place.link("password"),
                gettext("Give a recovery address"),
            )
        )
    return found


def _suspended(mailbox: Mailbox) -> list[Attention]:
    words = []
    if mailbox.sending_suspended:
        template = gettext("You cannot send mail now: {reason}")
        words.append(template.format(reason=mailbox.sending_suspended))
    if mailbox.receiving_suspended:
        template = gettext("You receive no mail now: {reason}")
        words.append(template.format(reason=mailbox.receiving_suspended))
    domain = mailbox.domain
    for row in (domain.customer, domain):
        if row.suspended:
            template = gettext("The account that your mailbox belongs to is suspended: {reason}")
            words.append(template.format(reason=row.suspended_reason or "–"))
            break
    return [Attention("bad", line) for line in words]


def mailbox_overview(request: HttpRequest) -> HttpResponse:
    """The page; its rule is that of the overview which hands over to it."""
    place = mailbox_in(request, None)
    now = timezone.now()
    answer = answer_of(place)
    rules = rules_of(place.mailbox)
    seen = list(queries.sign_ins(place.actor, place.mailbox).filter(failed=False)[:SHOWN])
    context: dict[str, Any] = {
        "place": place,
        "mailbox": place.mailbox,
        "attention": needs_attention(place),
        "answer": answer,
        "answers": queries.answer_state(answer, now),
        "rules_on": sum(1 for rule in rules if rule.enabled),
        "rows": told(seen, Passwords(place)),
        "links": LINKS,
    }
    return render(request, "hosting/overview/mailbox.html", context)
