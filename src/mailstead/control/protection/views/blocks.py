"""Blocked log-ins: the company's list, and the page for whose log-in was refused."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries as hosting
from mailstead.control.people import roles
from mailstead.control.people.pages import actor_in, page
from mailstead.control.protection import queries, services
from mailstead.control.protection.models import LoginBlock
from mailstead.control.web.listing import csv_file, listing, wants_csv

MOST_IN_FILE = 100_000
_WHICH = {"": True, "ended": False, "all": None}


@page("block.view")
def overview(request: HttpRequest) -> HttpResponseBase:
    """All that nodes tell."""
    which = request.GET.get("which", "")
    rows = queries.blocks(
        actor_in(request),
        now=timezone.now(),
        search=request.GET.get("q", "")[:320],
        held=_WHICH.get(which, True),
    )
    if wants_csv(request):
        heads = ("client", "account", "reason", "since", "until", "refused", "end", "by", "server")
        return csv_file("blocks", heads, rows[:MOST_IN_FILE], _cells)
    found = listing(
        request,
        rows,
        sorts={"since": ("since", "pk"), "until": ("until", "pk"), "refused": ("count", "pk")},
        default="-since",
        hint=gettext("Part of an address or of a network"),
    )
    return render(request, "protection/blocks.html", {"listing": found, "which": which})


def _cells(row: LoginBlock) -> tuple[str, ...]:
    return (
        row.client,
        row.account,
        row.reason,
        row.since.isoformat(timespec="seconds"),
        row.until.isoformat(timespec="seconds"),
        str(row.count),
        row.end,
        row.ended_by,
        row.server,
    )


@page("block.lift", only_post=True)
def lift(request: HttpRequest) -> HttpResponseBase:
    """One block, or all of a client."""
    client = request.POST.get("client", "")[:45]
    account = request.POST.get("account", "")[:320]
    services.lift_block(actor=actor_in(request), now=timezone.now(), client=client, account=account)
    if client:
        words = gettext("{client} may log in again.").format(client=client)
    else:
        words = gettext("{account} is open again.").format(account=account)
    messages.success(request, words)
    return redirect("protection:blocks")


@page(roles.PUBLIC)
def blocked(request: HttpRequest) -> HttpResponseBase:
    """Whether log-ins from where the reader is are refused; which of theirs, once signed in."""
    address: str = request.client  # type: ignore[attr-defined]
    actor = request.actor  # type: ignore[attr-defined]
    now = timezone.now()
    found = {"address": address, "standing": queries.standing(address, now), "own": [], "mine": ""}
    if actor is not None and not actor.sees_everything:
        found["own"] = queries.own_blocks(actor, address, now)
        if actor.kind == "mailbox":
            found["mine"] = hosting.mailbox_numbered(actor, actor.mailbox).address
    return render(request, "protection/blocked.html", found)


@page("own-block.lift", only_post=True)
def let_in(request: HttpRequest) -> HttpResponseBase:
    """Let the reader's mail programs in, at one mailbox of theirs."""
    actor = actor_in(request)
    mailbox = hosting.mailbox_named(actor, request.POST.get("address", "")[:320])
    address: str = request.client  # type: ignore[attr-defined]
    services.let_in(actor=actor, now=timezone.now(), mailbox=mailbox, client=address)
    words = gettext("From {client} your mail programs may log in to {address} again.")
    messages.success(request, words.format(client=address, address=mailbox.address))
    return redirect("protection:blocked")
