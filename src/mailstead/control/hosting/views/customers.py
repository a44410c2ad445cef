"""Pages about customers: the list, one customer, suspension, removal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.customers import CustomerForm, SuspendForm
from mailstead.control.hosting.models import Customer
from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.people.actor import Actor
from mailstead.control.people.pages import actor_in, page
from mailstead.control.people.queries import members
from mailstead.control.people.roles import may
from mailstead.control.web.forms import submitted
from mailstead.control.web.listing import csv_file, listing, wants_csv
from mailstead.standards.refusal import Refusal

_HEADS = ("number", "name", "contact", "reseller", "package", "domains", "mailboxes",
          "storage_used_bytes", "storage_bytes", "state")  # fmt: skip
_SORTS = {
    "name": ("name",),
    "reseller": ("reseller__name", "name"),
    "storage": ("quota", "name"),
    "used": ("held_bytes", "name"),
    "created": ("pk",),
}


def customer_state(customer: Customer) -> tuple[str, str]:
    """Kind and words of a customer's state; needs the reseller fetched."""
    if customer.suspended:
        return "bad", gettext("suspended")
    if customer.reseller is not None and customer.reseller.suspended:
        return "bad", gettext("provider suspended")
    if customer.pool_full:
        return "warn", gettext("storage full")
    return "good", gettext("active")


def changeable(actor: Actor, customer: Customer) -> bool:
    """Whether the actor may change this customer: nobody their own limits."""
    if not may(actor, "customer.update"):
        return False
    return actor.sees_everything or customer.reseller_id == actor.customer


@page("customer.list")
def customer_list(request: HttpRequest) -> HttpResponseBase:
    """All customers that the reader sees, without the reader's own account."""
    actor = actor_in(request)
    rows = queries.customers(actor, search=request.GET.get("q", "").strip())
    rows = rows.exclude(pk=actor.customer)
    reseller = request.GET.get("reseller", "")
    if reseller.isascii() and reseller.isdigit() and len(reseller) < 12:
        rows = rows.filter(reseller=int(reseller))
    if wants_csv(request):
        return csv_file("customers", _HEADS, queries.with_figures(rows), _line)
    if request.GET.get("sort", "").lstrip("-") == "used":
        rows = queries.with_figures(rows)
    found = listing(request, rows, sorts=_SORTS, default="name", hint=gettext("Name or address"))
    have = queries.figures([customer.pk for customer in found.rows])
    context = {
        "listing": found,
        "rows": [(row, have[row.pk], *customer_state(row)) for row in found.rows],
        "resellers": actor.sees_everything,
        "may_create": may(actor, "customer.create"),
    }
    return render(request, "hosting/customers/list.html", context)


def _line(customer: Any) -> tuple[Any, ...]:
    return (
        customer.pk,
        customer.name,
        customer.email,
        customer.reseller.name if customer.reseller else "",
        customer.package.name if customer.package else "",
        customer.held_domains,
        customer.held_mailboxes,
        customer.held_bytes,
        customer.quota,
        customer_state(customer)[1],
    )


@page("customer.create")
def add(request: Any) -> HttpResponse:
    """A new customer, invited at once if wished."""
    actor = actor_in(request)
    form = CustomerForm(actor, data=request.POST or None)
    made: list[Customer] = []

    def create(data: dict[str, Any]) -> None:
        brand = request.brand.name if request.brand else ""
        made.append(services.create_customer(actor=actor, now=timezone.now(), brand=brand, **data))

    if request.method == "POST" and submitted(form, create):
        if form.cleaned_data["invite"]:
            words = gettext("{name} is a customer now; the invitation is on its way to {email}.")
        else:
            words = gettext("{name} is a customer now.")
        messages.success(request, words.format(name=made[0].name, email=made[0].email))
        return redirect("hosting:customer", made[0].pk)
    return form_page(
        request,
        form,
        title=gettext("Add a customer"),
        words=gettext("A customer owns domains, and people who manage them."),
        act=gettext("Add the customer"),
        back=reverse("hosting:customers"),
    )


@page("customer.view")
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One customer: what it may have, what it has, how it stands."""
    actor = actor_in(request)
    customer = queries.customer_numbered(actor, number)
    below = customer.is_reseller
    kind, words = customer_state(customer)
    have = queries.figures_with_customers(customer) if below else queries.figures([number])[number]
    change = changeable(actor, customer)
    context = {
        "customer": customer,
        "kind": kind,
        "words": words,
        "have": have,
        "sold": queries.sold_by(customer) if below else None,
        "domains": queries.domains(actor, customer=customer).order_by("name")[:10],
        "may_change": change,
        "may_make_reseller": may(actor, "customer.make-reseller") and not customer.reseller_id,
        "may_see_people": may(actor, "person.view"),
    }
    return render(request, "hosting/customers/show.html", context)


@page("customer.update")
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Name, contact address and limits."""
    actor = actor_in(request)
    customer = _own(actor, number)
    form = CustomerForm(actor, customer, request.POST or None)
    name = customer.name

    def save(data: dict[str, Any]) -> None:
        services.update_customer(
            actor=actor, now=timezone.now(), customer=customer, **form.changes()
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect("hosting:customer", number)
    return form_page(
        request,
        form,
        title=gettext("Change {name}").format(name=name),
        words=gettext("A smaller limit keeps the mailboxes and domains that are there."),
        act=gettext("Save"),
        back=reverse("hosting:customer", args=[number]),
    )


def _own(actor: Actor, number: int) -> Customer:
    """A customer that the actor may change; any other is not there."""
    customer = queries.customer_numbered(actor, number)
    if not changeable(actor, customer):
        raise Refusal("customer-unknown", "There is no such customer.")
    return customer


@page("customer.suspend", fresh=True)
def suspend(request: HttpRequest, number: int) -> HttpResponse:
    """Stop a customer, with a reason."""
    actor = actor_in(request)
    customer = _own(actor, number)
    name = customer.name
    lines = [
        gettext("Nobody can sign in to its mailboxes or send from them; open sessions end."),
        gettext("Mail is still received and waits in the mailboxes."),
        gettext("Its people see the panel and the reason, and can change nothing."),
    ]
    if customer.is_reseller:
        lines.append(gettext("The same holds for the mailboxes of all its customers."))
    lines.append(gettext("You can end the suspension at any time; nothing is lost."))
    return confirmed(
        request,
        Question(
            title=gettext("Suspend {name}").format(name=name),
            lines=lines,
            act=gettext("Suspend {name}").format(name=name),
            back=reverse("hosting:customer", args=[number]),
            danger=True,
        ),
        lambda data: services.suspend_customer(
            actor=actor, now=timezone.now(), customer=customer, reason=data["reason"]
        ),
        done=lambda: gettext("{name} is suspended.").format(name=name),
        form=SuspendForm,
    )


@page("customer.resume")
def resume(request: HttpRequest, number: int) -> HttpResponse:
    """End a suspension."""
    actor = actor_in(request)
    customer = _own(actor, number)
    name = customer.name
    return confirmed(
        request,
        Question(
            title=gettext("End the suspension of {name}").format(name=name),
            lines=[
                gettext("Its mailboxes can sign in and send again."),
                gettext("Domains and mailboxes that are suspended for themselves stay so."),
            ],
            act=gettext("End the suspension"),
            back=reverse("hosting:customer", args=[number]),
        ),
        lambda _data: services.resume_customer(actor=actor, now=timezone.now(), customer=customer),
        done=lambda: gettext("{name} is active again.").format(name=name),
    )


@page("customer.remove", fresh=True)
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Remove a customer who has no domains."""
    actor = actor_in(request)
    customer = _own(actor, number)
    name = customer.name
    people = ngettext(
        "{n} person loses the log-in for it.", "{n} people lose the log-in for it.",
        count := members(number).count(),
    ).format(n=count)  # fmt: skip
    return confirmed(
        request,
        Question(
            title=gettext("Remove {name}").format(name=name),
            lines=[
                gettext("The customer and its limits are gone; this cannot be undone."),
                people,
                gettext("Its audit trail stays for you."),
            ],
            act=gettext("Remove {name}").format(name=name),
            back=reverse("hosting:customer", args=[number]),
            danger=True,
        ),
        lambda _data: services.remove_customer(actor=actor, now=timezone.now(), customer=customer),
        done=lambda: gettext("{name} is removed.").format(name=name),
        then=reverse("hosting:customers"),
    )


@page("customer.make-reseller", fresh=True)
def reseller(request: HttpRequest, number: int) -> HttpResponse:
    """Make a reseller of a customer, or a plain customer again."""
    actor = actor_in(request)
    customer = _own(actor, number)
    name, make = customer.name, not customer.is_reseller
    if make:
        title = gettext("Make {name} a reseller").format(name=name)
        lines = [
            gettext("Its people can have customers of their own, with packages and a brand."),
            gettext("They can act in the place of those customers, never of others."),
            gettext("What its customers have counts against its own limits."),
        ]
        done = gettext("{name} is a reseller now.")
    else:
        title = gettext("Make {name} a plain customer").format(name=name)
        lines = [
            gettext("Its people can have no customers any more."),
            gettext("Its packages and its brand are removed; this cannot be undone."),
            gettext("Domains, mailboxes and mail stay as they are."),
        ]
        done = gettext("{name} is a plain customer now.")
    return confirmed(
        request,
        Question(
            title=title,
            lines=lines,
            act=title,
            back=reverse("hosting:customer", args=[number]),
            danger=not make,
        ),
        lambda _data: services.set_reseller(
            actor=actor, now=timezone.now(), customer=customer, is_reseller=make
        ),
        done=lambda: done.format(name=name),
    )
