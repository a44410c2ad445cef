"""Pages about domains."""

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
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted
from mailstead.control.web.listing import csv_file, listing, wants_csv


@page("domain.view")
def domain_list(request: HttpRequest) -> HttpResponseBase:
    """All domains that the reader sees."""
    actor = actor_in(request)
    rows = queries.domains(actor, search=request.GET.get("q", ""))
    if wants_csv(request):
        return csv_file("domains", ("domain", "customer", "server"), rows, _line)
    context = {
        "listing": listing(
            request,
            rows,
            sorts={"name": ("name",), "customer": ("customer__name", "name")},
            default="name",
            hint=gettext("Name of a domain"),
        ),
        "customers": actor.kind not in ("customer", "domain_admin"),
    }
    return render(request, "hosting/domains/list.html", context)


def _line(domain: Domain) -> tuple[str, str, str]:
    return domain.name, domain.customer.name, domain.server.name


@page("domain.create")
def add(request: HttpRequest) -> HttpResponse:
    """A new domain."""
    actor = actor_in(request)
    form = DomainForm(actor, request.POST or None)
    made: list[Domain] = []

    def create(data: dict[str, Any]) -> None:
        customer = data.get("customer") or queries.customer_numbered(actor, actor.customer)
        made.append(
            services.create_domain(
                actor=actor, now=timezone.now(), name=data["name"], customer=customer
            )
        )

    if request.method == "POST" and submitted(form, create):
        messages.success(request, gettext("{name} is here.").format(name=made[0].name))
        return redirect("hosting:domains")
    context = {
        "form": form,
        "title": gettext("Add a domain"),
        "act": gettext("Add the domain"),
        "back": reverse("hosting:domains"),
    }
    return render(request, "web/form.html", context)
