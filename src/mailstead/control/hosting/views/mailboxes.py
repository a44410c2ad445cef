"""Pages about mailboxes: the list over everything that the reader sees, and a new one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.mailboxes import MailboxForm
from mailstead.control.hosting.models import Domain, Mailbox
from mailstead.control.hosting.views.confirming import form_page
from mailstead.control.people.actor import Actor
from mailstead.control.people.pages import actor_in, page, warn_breached
from mailstead.control.web.forms import submitted
from mailstead.control.web.listing import csv_file, listing, wants_csv
from mailstead.standards.password import generate

HEADS = ("address", "name", "quota", "used", "messages", "state", "recovery address")
_SORTS = {
    "address": ("local", "pk"),
    "domain": ("domain__name", "local"),
    "usage": ("usage_bytes", "pk"),
    "added": ("pk",),
}


def _line(mailbox: Mailbox) -> tuple[Any, ...]:
    return (
        mailbox.address,
        mailbox.name,
        mailbox.quota,
        mailbox.usage_bytes,
        mailbox.usage_messages,
        "; ".join(_states(mailbox)) or "active",
        mailbox.recovery_address,
    )


def _states(mailbox: Mailbox) -> list[str]:
    return [
        f"{what} suspended: {reason}"
        for what, reason in (
            ("login", mailbox.login_suspended),
            ("sending", mailbox.sending_suspended),
            ("receiving", mailbox.receiving_suspended),
        )
        if reason
    ]


def _in_state(rows: QuerySet[Mailbox], state: str) -> QuerySet[Mailbox]:
    if state == "suspended":
        return rows.filter(
            ~Q(login_suspended="") | ~Q(sending_suspended="") | ~Q(receiving_suspended="")
        )
    return queries.nearly_full(rows) if state == "full" else rows


def mailbox_table(
    request: HttpRequest, actor: Actor, domain: Domain | None = None
) -> dict[str, Any] | HttpResponseBase:
    """What a table of mailboxes needs, or the whole of it as a file."""
    state = request.GET.get("state", "")
    found = queries.found_mailboxes(actor, request.GET.get("q", ""), domain=domain)
    rows = _in_state(found, state)
    if wants_csv(request):
        name = f"mailboxes-{domain.name}" if domain else "mailboxes"
        return csv_file(name, HEADS, rows.order_by("domain_id", "local"), _line)
    return {
        "listing": listing(
            request,
            rows,
            sorts=_SORTS,
            default="address",
            hint=gettext("Address, or the beginning of a name"),
        ),
        "state": state,
    }


@page("mailbox.list")
def mailbox_list(request: HttpRequest) -> HttpResponseBase:
    """All mailboxes that the reader sees."""
    actor = actor_in(request)
    found = mailbox_table(request, actor)
    if not isinstance(found, dict):
        return found
    removed = queries.found_mailboxes(actor, "", removed=True).filter(domain__removed_at=None)
    found["removed"] = removed.exists()
    return render(request, "hosting/mailboxes/list.html", found)


@page("mailbox.create")
def add(request: HttpRequest) -> HttpResponse:
    """A new mailbox; a password that was made is shown in the answer and nowhere else."""
    actor = actor_in(request)
    form = MailboxForm(
        actor, request.POST or None, initial={"domain": request.GET.get("domain", "")}
    )
    made: list[Mailbox] = []
    secret: list[str] = []

    def create(data: dict[str, Any]) -> None:
        secret[:] = [data["password"] or generate()]
        made.append(
            services.create_mailbox(
                actor=actor,
                now=timezone.now(),
                domain=form.domain_chosen(),
                address=data["address"],
                password=secret[0],
                quota=data["quota"],
                name=data["name"],
                recovery_address=data["recovery_address"],
            )
        )

    if request.method == "POST" and submitted(form, create):
        if form.cleaned_data["password"]:
            words = gettext("The mailbox {address} is here.")
            messages.success(request, words.format(address=made[0].address))
            if made[0].breached:
                warn_breached(request)
            return redirect("hosting:mailbox", made[0].pk)
        context = {"mailbox": made[0], "secret": secret[0], "new": True}
        return render(request, "hosting/mailboxes/secret.html", context)
    return form_page(
        request,
        form,
        title=gettext("Add a mailbox"),
        act=gettext("Add the mailbox"),
        back=reverse("hosting:mailboxes"),
    )


@page("mailbox.list")
def removed_list(request: HttpRequest) -> HttpResponseBase:
    """Mailboxes that were removed and can still be restored; not those of removed domains."""
    rows = queries.found_mailboxes(actor_in(request), request.GET.get("q", ""), removed=True)
    rows = rows.filter(domain__removed_at=None)
    if wants_csv(request):
        return csv_file("removed-mailboxes", HEADS, rows.order_by("pk"), _line)
    found = listing(
        request,
        rows,
        sorts={"address": ("local", "pk"), "until": ("purge_after",)},
        default="until",
        hint=gettext("Address, or the beginning of a name"),
    )
    return render(request, "hosting/mailboxes/removed.html", {"listing": found})
