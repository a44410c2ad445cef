"""Pages about how much may be sent and has been sent, and those that explain a refusal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.sending import (
    CustomerSendingForm,
    HouseSendingForm,
    MailboxSendingForm,
)
from mailstead.control.hosting.models import Customer, SendingUse
from mailstead.control.hosting.queries import sending
from mailstead.control.hosting.views.confirming import form_page
from mailstead.control.hosting.views.place import mailbox_in, show
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted
from mailstead.control.web.listing import csv_file, listing, wants_csv
from mailstead.wire.sending import FIELDS, PAGES, Ceilings


@page("sending-use.view")
def overview(request: HttpRequest) -> HttpResponseBase:
    """Who has sent how much within a day, and who was refused."""
    actor, now = actor_in(request), timezone.now()
    refused = bool(request.GET.get("refused"))
    rows = sending.at_limit(actor, now) if refused else sending.lately(actor, now)
    if wants_csv(request):
        heads = ("whose", "server", *FIELDS, "refused", "refused_at", "limit")
        return csv_file("sending", heads, rows, _line)
    context = {
        "listing": listing(
            request,
            rows,
            sorts={
                "day": ("recipients_day", "pk"),
                "hour": ("recipients_hour", "pk"),
                "refused": ("refused_at", "pk"),
            },
            default="-day",
        ),
        "refused": refused,
        "own": _own(actor),
        "now": now,
    }
    return render(request, "hosting/sending/overview.html", context)


def _line(row: SendingUse) -> tuple[Any, ...]:
    numbers = (getattr(row, name) for name in FIELDS)
    return (row.whose, row.server.name, *numbers, row.refused, row.refused_at or "", row.page)


def _own(actor: Actor) -> dict[str, Any] | None:
    """What a customer's own mailboxes may send; of the company there is no such thing."""
    if actor.sees_everything or not actor.customer:
        return None
    customer = Customer.objects.select_related("reseller").get(pk=actor.customer)
    return _of_customer(customer)


def _of_customer(customer: Customer) -> dict[str, Any]:
    said = sending.house()
    step = sending.account(customer, said).at(timezone.now())
    return {
        "each": lines(sending.mailbox_default(customer, said)),
        "together": lines(step.ceilings),
        "new_until": step.until,
    }


def lines(ceilings: Ceilings, use: SendingUse | None = None) -> list[dict[str, Any]]:
    """The four ceilings as a table shows them, with what was used of each."""
    titles = {
        "messages_hour": gettext("Messages in an hour"),
        "messages_day": gettext("Messages in a day"),
        "recipients_hour": gettext("Recipients in an hour"),
        "recipients_day": gettext("Recipients in a day"),
    }
    found = []
    for name in FIELDS:
        limit, used = getattr(ceilings, name), use.current(name, timezone.now()) if use else 0
        share = round(100 * used / limit) if limit else 100 if limit == 0 else 0
        kind = "bad" if share >= 100 else "warn" if share >= 80 else "good"
        found.append({"title": titles[name], "limit": limit, "used": used, "kind": kind})
    return found


@page("sending-limits.view", post="sending-limits.set")
def house(request: HttpRequest) -> HttpResponse:
    """What holds where nothing else is said."""
    actor = actor_in(request)
    form = HouseSendingForm(sending.house(), request.POST or None)

    def save(_data: dict[str, Any]) -> None:
        services.set_house_limits(
            actor=actor,
            now=timezone.now(),
            mailbox=form.taken("each_"),
            customer=form.taken("all_"),
            ramp=form.ramp(),
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved; every node hears of it now."))
        return redirect("hosting:sending")
    return form_page(
        request,
        form,
        title=gettext("Sending limits of the house"),
        words=gettext(
            "They hold where a customer, a package or a mailbox has none of its own. New customers "
            "may send less until we know them. 0 means that nothing may be sent."
        ),
        act=gettext("Save"),
        back=reverse("hosting:sending"),
    )


@page("customer.set-sending-limits")
def of_customer(request: HttpRequest, number: int) -> HttpResponse:
    """What a customer's mailboxes may send, each and together."""
    actor = actor_in(request)
    customer = queries.customer_numbered(actor, number)
    form = CustomerSendingForm(actor, customer, request.POST or None)

    def save(data: dict[str, Any]) -> None:
        services.set_customer_limits(
            actor=actor,
            now=timezone.now(),
            customer=customer,
            mailbox=form.taken("each_"),
            total=form.taken("all_"),
            ramp_exempt=data.get("exempt"),
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect("hosting:customer", number)
    return form_page(
        request,
        form,
        title=gettext("Sending limits of {name}").format(name=customer.name),
        words=gettext("Limits of its own take the customer out of its package."),
        act=gettext("Save"),
        back=reverse("hosting:customer", args=[number]),
    )


@page("package.update")
def of_package(request: HttpRequest, number: int) -> HttpResponse:
    """What the package says about sending."""
    actor = actor_in(request)
    package = queries.package_numbered(actor, number)
    form = CustomerSendingForm(actor, package, request.POST or None)

    def save(_data: dict[str, Any]) -> None:
        services.set_package_limits(
            actor=actor,
            now=timezone.now(),
            package=package,
            mailbox=form.taken("each_"),
            total=form.taken("all_"),
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        if package.customers.exists():
            return redirect("hosting:package-apply", number)
        return redirect("hosting:packages")
    return form_page(
        request,
        form,
        title=gettext("Sending limits of the package {name}").format(name=package.name),
        words=gettext(
            "Customers who have it keep the limits that they got. The next page asks whether they "
            "get the new ones."
        ),
        act=gettext("Save"),
        back=reverse("hosting:packages"),
    )


@page("sending-use.view")
def of_mailbox(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """What one mailbox may send, and what it has sent."""
    place = mailbox_in(request, number, "sending")
    told = sending.sending_of(place.mailbox, timezone.now())
    context = {
        "own": lines(told.ceilings, told.use),
        "together": lines(told.step.ceilings, told.customer_use),
        "new_until": told.step.until,
        "use": told.use,
    }
    return show(request, "sending", place, context)


@page("mailbox.set-sending-limits")
def edit_mailbox(request: HttpRequest, number: int) -> HttpResponse:
    """Limits of one mailbox of its own."""
    actor = actor_in(request)
    mailbox = queries.mailbox_numbered(actor, number)
    form = MailboxSendingForm(sending.ceilings_in(mailbox.sending_limits), request.POST or None)

    def save(_data: dict[str, Any]) -> None:
        services.set_mailbox_limits(
            actor=actor, now=timezone.now(), mailbox=mailbox, ceilings=form.taken("")
        )

    back = reverse("hosting:mailbox-sending", args=[number])
    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect(back)
    title = gettext("Sending limits of {address}").format(address=mailbox.address)
    return form_page(request, form, title=title, act=gettext("Save"), back=back)


@page(roles.PUBLIC)
def explain(request: HttpRequest, what: str = "") -> HttpResponse:
    """What a refusal means and what to do; the links of the nodes' replies lead here."""
    if what and what not in PAGES:
        raise Http404
    return render(request, "hosting/sending/explain.html", {"what": what})
