"""Pages of exports: what there is, asking for one, how far it is, fetching it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting.models import Customer
from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.moves import queries, services, words
from mailstead.control.moves.forms import ExportForm
from mailstead.control.moves.models import Export
from mailstead.control.people.actor import Actor
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.files import file_answer
from mailstead.control.web.forms import submitted
from mailstead.control.web.listing import listing

MOST_CHOICES = 2000


@page("export.view")
def overview(request: HttpRequest) -> HttpResponseBase:
    """All that the reader sees, the newest first."""
    actor = actor_in(request)
    rows = listing(
        request,
        queries.exports(actor),
        sorts={"number": ("pk",), "customer": ("customer__name", "pk")},
        default="-number",
    )
    context = {
        "listing": rows,
        "lines": [(row, words.EXPORTS[row.state]) for row in rows.rows],
        "several": actor.kind not in ("customer", "domain_admin"),
        "days": services.KEPT_EXPORTS.days,
    }
    return render(request, "moves/exports/list.html", context)


def _customers(actor: Actor) -> list[tuple[int, str]]:
    """Whom the reader may export, the reader's own account first."""
    rows = list(hosting.customers(actor).values_list("pk", "name")[:MOST_CHOICES])
    return sorted(rows, key=lambda row: (row[0] != actor.customer, row[1]))


@page("export.create", fresh=True)
def create(request: HttpRequest) -> HttpResponseBase:
    """Ask for one."""
    actor = actor_in(request)
    given = request.GET.get("customer", "")
    initial = {"customer": given} if given.isascii() and given.isdigit() else {}
    form = ExportForm(request.POST or None, customers=_customers(actor), initial=initial)
    made: list[Export] = []

    def act(data: dict[str, Any]) -> None:
        customer: Customer = hosting.customer_numbered(actor, int(data["customer"]))
        made.append(
            services.create_export(
                actor=actor,
                now=timezone.now(),
                customer=customer,
                domain=data["domain"].strip().lower(),
                with_mail=data["with_mail"],
            )
        )

    if request.method == "POST" and submitted(form, act):
        messages.success(request, gettext("The export is being made."))
        return redirect("moves:export", made[0].pk)
    return form_page(
        request,
        form,
        title=gettext("New export"),
        act=gettext("Make the export"),
        back=reverse("moves:exports"),
        words=gettext(
            "One archive with domains, mailboxes, forwarders, rules and settings. It holds "
            "secrets: the hashes of all passwords and the private signing keys. Whoever has the "
            "file can try passwords and sign mail in the name of the domains."
        ),
    )


def _told(row: Export) -> dict[str, Any]:
    return {
        "row": row,
        "state": words.EXPORTS[row.state],
        "live": row.state in ("waiting", "making"),
        "resumable": row.state in ("stopped", "failed"),
    }


@page("export.view")
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One: how far it is, and the file once it is whole."""
    row = queries.export_numbered(actor_in(request), number)
    return render(request, "moves/exports/show.html", _told(row))


@page("export.view")
def progress(request: HttpRequest, number: int) -> HttpResponse:
    """Only how far it is, for htmx."""
    told = _told(queries.export_numbered(actor_in(request), number))
    response = render(request, "moves/exports/progress.html", told)
    if not told["live"]:
        # The buttons are outside of what is looked at again.
        response.headers["HX-Refresh"] = "true"
    return response


@page("export.stop", only_post=True)
def stop(request: HttpRequest, number: int) -> HttpResponse:
    """Stop where it is."""
    actor = actor_in(request)
    row = queries.export_numbered(actor, number)
    services.stop_export(actor=actor, now=timezone.now(), export=row)
    messages.success(request, gettext("The export stops; it can go on later."))
    return redirect("moves:export", number)


@page("export.resume", only_post=True)
def resume(request: HttpRequest, number: int) -> HttpResponse:
    """Go on where it has stopped."""
    actor = actor_in(request)
    row = queries.export_numbered(actor, number)
    services.resume_export(actor=actor, now=timezone.now(), export=row)
    messages.success(request, gettext("The export goes on where it has stopped."))
    return redirect("moves:export", number)


@page("export.remove")
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """The archive goes at once."""
    actor = actor_in(request)
    row = queries.export_numbered(actor, number)
    question = Question(
        title=gettext("Remove the export?"),
        lines=[gettext("The archive is deleted. The account itself stays as it is.")],
        act=gettext("Remove the export"),
        back=reverse("moves:export", args=[number]),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda _: services.remove_export(actor=actor, now=timezone.now(), export=row),
        done=lambda: gettext("The export is removed."),
        then=reverse("moves:exports"),
    )


@page("export.download", fresh=True)
def file(request: HttpRequest, number: int) -> HttpResponseBase:
    """The archive; that it was fetched stands in the trail."""
    actor = actor_in(request)
    row = queries.export_numbered(actor, number)
    path = services.fetch_export(actor=actor, now=timezone.now(), export=row)
    return file_answer(request, path, row.name)
