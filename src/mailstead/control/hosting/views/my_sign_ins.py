"""Who signed in to a mailbox: by which protocol, from where, with which password."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.models import SignIn
from mailstead.control.hosting.views.confirming import Question, confirmed
from mailstead.control.hosting.views.place import Place, mailbox_in, show
from mailstead.control.people.pages import page
from mailstead.control.web.listing import csv_file, listing, wants_csv

FAILED = 20
"""Failed tries that the page shows below; the file has all."""
_HEADS = ("protocol", "address", "password", "result", "count", "first", "last")


def protocol_words() -> dict[str, str]:
    """Each protocol as people read it."""
    return {
        "imap": gettext("Reading mail (IMAP)"),
        "pop3": gettext("Fetching mail (POP3)"),
        "smtp": gettext("Sending mail (SMTP)"),
        "sieve": gettext("Managing rules (ManageSieve)"),
        "panel": gettext("This panel"),
    }


class Passwords:
    """Which password a sign-in was made with, in words; one query for a whole page."""

    def __init__(self, place: Place) -> None:
        self.own = place.mailbox.credential
        rows = queries.app_passwords(place.actor, place.mailbox)
        self.apps = dict(rows.values_list("credential", "name"))

    def words(self, row: SignIn) -> str:
        """The mailbox's password, an app password by its name, or an earlier one."""
        if row.failed:
            return gettext("a wrong password")
        if row.credential == self.own:
            return gettext("the mailbox's password")
        if row.credential in self.apps:
            return gettext("the app password “{name}”").format(name=self.apps[row.credential])
        if not row.credential:
            return gettext("not known")
        return gettext("an earlier password")


def told(rows: list[SignIn], passwords: Passwords) -> list[dict[str, Any]]:
    """Rows with their words."""
    names = protocol_words()
    return [
        {
            "row": row,
            "protocol": names.get(row.protocol, row.protocol),
            "password": passwords.words(row),
        }
        for row in rows
    ]


@page("sign-in.view")
def sign_ins(request: HttpRequest, number: int | None = None) -> HttpResponseBase:
    """The devices that have come in, and the tries that have failed."""
    place = mailbox_in(request, number, "sign-ins")
    passwords = Passwords(place)
    search = request.GET.get("q", "").strip()
    rows = queries.sign_ins(place.actor, place.mailbox)
    if search:
        rows = rows.filter(address__startswith=search)
    if wants_csv(request):
        return csv_file(
            "sign-ins",
            _HEADS,
            rows,
            lambda row: (
                row.protocol,
                row.address,
                passwords.words(row),
                "failed" if row.failed else "good",
                row.count,
                row.first_at.isoformat(timespec="seconds"),
                row.last_at.isoformat(timespec="seconds"),
            ),
        )
    found = listing(
        request,
        rows.filter(failed=False),
        sorts={
            "protocol": ("protocol", "-last_at"),
            "address": ("address", "-last_at"),
            "last": ("last_at", "pk"),
            "count": ("count", "pk"),
        },
        default="-last",
        hint=gettext("Beginning of a network address"),
    )
    context = {
        "listing": found,
        "rows": told(found.rows, passwords),
        "failed": told(list(rows.filter(failed=True)[:FAILED]), passwords),
    }
    return show(request, "sign_ins", place, context)


@page("mailbox.end-sessions")
def end(request: HttpRequest, number: int | None = None) -> HttpResponseBase:
    """End all sessions of mail programs, after a question."""
    place = mailbox_in(request, number, "sign-ins")
    ended: list[int | None] = []

    def act(_: dict[str, Any]) -> None:
        ended.append(
            services.end_sessions(actor=place.actor, now=timezone.now(), mailbox=place.mailbox)
        )

    def done() -> str:
        count = ended[0]
        if count is None:
            return gettext("The mail server has been told; it has not answered yet.")
        return ngettext("{n} connection was ended.", "{n} connections were ended.", count).format(
            n=count
        )

    question = Question(
        title=gettext("End all connections of mail programs"),
        lines=[
            gettext("Every program that is connected to this mailbox now is cut off."),
            gettext("A program that knows a password of this mailbox comes back by itself."),
            gettext("To keep somebody out, change the password or remove the app password first."),
        ],
        act=gettext("End all connections"),
        back=place.link("sign-ins"),
        danger=True,
    )
    return confirmed(request, question, act, done=done)
