"""Pages about domains: the list, a new one, and those that can be restored."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.domains import DomainForm
from mailstead.control.hosting.models import Domain
from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted
from mailstead.control.web.listing import csv_file, listing, wants_csv
from mailstead.standards.refusal import Refusal


@page("domain.view")
def domain_list(request: HttpRequest) -> HttpResponseBase:
    """All domains that the reader sees."""
    actor = actor_in(request)
    rows = queries.found_domains(actor, request.GET.get("q", ""))
    if wants_csv(request):
        return csv_file(
            "domains",
            ("domain", "customer", "server", "state", "alias of", "forwards to", "dns"),
            rows.order_by("name"),
            _line,
        )
    found = listing(
        request,
        rows,
        sorts={"name": ("name",), "customer": ("customer__name", "name"), "added": ("pk",)},
        default="name",
        hint=gettext("Beginning of a name"),
    )
    context = {
        "listing": found,
        "rows": queries.with_contents(found.rows),
        "customers": actor.kind not in ("customer", "domain_admin"),
        "removed": queries.found_domains(actor, "", removed=True).exists(),
    }
    return render(request, "hosting/domains/list.html", context)


def _line(domain: Domain) -> tuple[str, ...]:
    return (
        domain.name,
        domain.customer.name,
        domain.server.name,
        "suspended" if domain.suspended else "active",
        domain.alias_of.name if domain.alias_of else "",
        domain.forward_to,
        domain.dns_state,
    )


@page("domain.create")
def add(request: HttpRequest) -> HttpResponse:
    """A new domain; afterwards the records to publish."""
    actor = actor_in(request)
    form = DomainForm(actor, request.POST or None, initial={"customer": request.GET.get("of")})
    made: list[Domain] = []

    def create(data: dict[str, Any]) -> None:
        customer = data.get("customer") or queries.customer_numbered(actor, actor.customer)
        made.append(
            services.create_domain(
                actor=actor, now=timezone.now(), name=data["name"], customer=customer
            )
        )

    if request.method == "POST" and submitted(form, create):
        words = gettext("{name} is here. Publish these DNS records, then its mail arrives.")
        if not made[0].proven:
            words = gettext("{name} is added. Show that it is yours, then it becomes active.")
        messages.success(request, words.format(name=made[0].name))
        return redirect("dns:records", made[0].handle)
    return form_page(
        request,
        form,
        title=gettext("Add a domain"),
        act=gettext("Add the domain"),
        back=reverse("hosting:domains"),
    )


@page("domain.view")
def removed_list(request: HttpRequest) -> HttpResponseBase:
    """Domains that were removed and can still be restored."""
    rows = queries.found_domains(actor_in(request), request.GET.get("q", ""), removed=True)
    if wants_csv(request):
        return csv_file("removed-domains", ("domain", "customer"), rows.order_by("pk"), _removed)
    found = listing(
        request,
        rows,
        sorts={"name": ("name",), "until": ("purge_after",)},
        default="until",
        hint=gettext("Beginning of a name"),
    )
    return render(request, "hosting/domains/removed.html", {"listing": found})


def _removed(domain: Domain) -> tuple[str, ...]:
    return domain.name, domain.customer.name


@page("domain.restore")
def restore(request: HttpRequest, number: int) -> HttpResponse:
    """Undo the removal of a domain."""
    actor = actor_in(request)
    domain = queries.found_domains(actor, "", removed=True).filter(pk=number).first()
    if domain is None:
        raise Refusal("domain-unknown", "There is no such removed domain.")
    question = Question(
        title=gettext("Restore {name}").format(name=domain.name),
        lines=[
            gettext("The domain and the mailboxes that were removed with it come back."),
            gettext("Their mail, passwords and rules are as they were."),
        ],
        act=gettext("Restore {name}").format(name=domain.name),
        back=reverse("hosting:domains-removed"),
    )
    return confirmed(
        request,
        question,
        lambda _: services.restore_domain(actor=actor, now=timezone.now(), domain=domain),
        done=lambda: gettext("{name} is back.").format(name=domain.name),
        then=reverse("hosting:domain", args=[domain.handle]),
    )
