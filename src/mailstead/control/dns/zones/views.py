"""Pages about zones that are served here: their records, their file, and the way out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.dns.zones import queries, services
from mailstead.control.dns.zones.forms import ImportForm, LeaveForm, RecordForm
from mailstead.control.dns.zones.words import state_of
from mailstead.control.people.pages import actor_in, page
from mailstead.control.people.roles import may
from mailstead.control.web.forms import submitted
from mailstead.control.web.listing import csv_file, download, listing, wants_csv

_HEADS = ("name", "customer", "delegation", "since", "delegated_to", "records", "serial")


@page("zone.view")
def zone_list(request: HttpRequest) -> HttpResponseBase:
    """All zones that are still here, and whose the world still asks for."""
    actor = actor_in(request)
    rows = queries.zones(actor, request.GET.get("q", "").strip()).annotate(count=Count("records"))
    state = request.GET.get("delegation", "")
    if state:
        rows = rows.filter(delegation=state)
    if wants_csv(request):
        return csv_file("zones", _HEADS, rows, _line)
    found = listing(
        request, rows, sorts={"name": ("name",)}, default="name", hint=gettext("Name of a zone")
    )
    context = {
        "listing": found,
        "rows": [(zone, *state_of(zone)) for zone in found.rows],
        "may_import": may(actor, "zone.import"),
        "customers": actor.kind not in ("customer", "domain_admin"),
        "here": queries.still_asked_here(actor).count(),
    }
    return render(request, "dns/zones/list.html", context)


def _line(zone: Any) -> tuple[Any, ...]:
    return (
        zone.name,
        zone.customer.name,
        zone.delegation,
        zone.delegation_since.isoformat(timespec="seconds") if zone.delegation_since else "",
        " ".join(zone.delegated_to),
        zone.count,
        zone.serial,
    )


@page("zone.view")
def show(request: HttpRequest, name: str) -> HttpResponse:
    """The records of a zone."""
    actor = actor_in(request)
    zone = queries.zone_named(actor, name)
    kind, words = state_of(zone)
    context = {
        "zone": zone,
        "kind": kind,
        "words": words,
        "rows": [
            (row, row.type != "NS" or row.name != zone.name or actor.sees_everything)
            for row in queries.records(zone)
        ],
    }
    return render(request, "dns/zones/show.html", context)


@page("zone.view")
def file(request: HttpRequest, name: str) -> HttpResponse:
    """The zone as a file that any other DNS host reads."""
    zone = queries.zone_named(actor_in(request), name)
    return download(f"{zone.name}.zone", queries.as_file(zone), "text/plain; charset=utf-8")


@page("zone.import")
def attach(request: HttpRequest) -> HttpResponse:
    """A zone that comes here with its customer."""
    actor = actor_in(request)
    form = ImportForm(actor, request.POST or None)
    made: list[Any] = []

    def do(data: dict[str, Any]) -> None:
        made.extend(services.import_zone(actor=actor, now=timezone.now(), **data))

    if request.method == "POST" and submitted(form, do):
        messages.success(request, gettext("{name} is served here now.").format(name=made[0].name))
        if made[1]:
            words = gettext("Records of types that are not served here were left out: {names}")
            messages.warning(request, words.format(names=", ".join(made[1])))
        return redirect("dns:zone-show", made[0].name)
    return _form_page(
        request,
        form,
        gettext("Attach a zone"),
        gettext("Attach it"),
        reverse("dns:zones"),
        gettext("For zones that customers bring along with their mail. Nobody new gets one."),
    )


@page("zone.update")
def add(request: HttpRequest, name: str) -> HttpResponse:
    """A record more."""
    actor = actor_in(request)
    zone = queries.zone_named(actor, name)
    form = RecordForm(request.POST or None)

    def do(data: dict[str, Any]) -> None:
        services.add_record(actor=actor, now=timezone.now(), zone=zone, **data)

    if request.method == "POST" and submitted(form, do):
        messages.success(request, gettext("The record was added."))
        return redirect("dns:zone-show", zone.name)
    title = gettext("Add a record to {name}").format(name=zone.name)
    back = reverse("dns:zone-show", args=[zone.name])
    return _form_page(request, form, title, gettext("Add the record"), back)


@page("zone.update")
def change(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Another value for a record."""
    actor = actor_in(request)
    zone = queries.zone_named(actor, name)
    row = queries.record_numbered(zone, number)
    relative = row.name.removesuffix(zone.name).rstrip(".") or "@"
    initial = {"name": relative, "kind": row.type, "ttl": row.ttl, "value": row.value}
    form = RecordForm(request.POST or None, initial=initial)

    def do(data: dict[str, Any]) -> None:
        services.change_record(actor=actor, now=timezone.now(), row=row, **data)

    if request.method == "POST" and submitted(form, do):
        messages.success(request, gettext("The record was changed."))
        return redirect("dns:zone-show", zone.name)
    title = gettext("Change a record of {name}").format(name=zone.name)
    back = reverse("dns:zone-show", args=[zone.name])
    return _form_page(request, form, title, gettext("Change the record"), back)


@page("zone.update")
def remove_record(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """A record less."""
    actor = actor_in(request)
    zone = queries.zone_named(actor, name)
    row = queries.record_numbered(zone, number)
    if request.method == "POST":
        services.remove_record(actor=actor, now=timezone.now(), row=row)
        messages.success(request, gettext("The record was removed."))
        return redirect("dns:zone-show", zone.name)
    context = {
        "title": gettext("Remove the record {name} {type}?").format(name=row.name, type=row.type),
        "lines": [row.value, gettext("Others may remember it until its time to live is over.")],
        "act": gettext("Remove the record"),
        "danger": True,
        "back": reverse("dns:zone-show", args=[zone.name]),
    }
    return render(request, "web/confirm.html", context)


@page("zone.remove")
def leave(request: HttpRequest, name: str) -> HttpResponse:
    """The end of a zone here."""
    actor = actor_in(request)
    zone = queries.zone_named(actor, name)
    form = LeaveForm(request.POST if request.method == "POST" else None)

    def do(data: dict[str, Any]) -> None:
        services.remove_zone(actor=actor, now=timezone.now(), zone=zone, **data)

    if request.method == "POST" and submitted(form, do):
        messages.success(request, gettext("{name} is served here no more.").format(name=name))
        return redirect("dns:zones")
    context = {
        "title": gettext("Stop serving {name}?").format(name=zone.name),
        "lines": [
            gettext("Our servers answer for it no more. This cannot be undone."),
            gettext("Load the zone file at the new DNS host first, then change the name servers."),
            gettext("Mail and mailboxes of the domain stay as they are."),
        ],
        "form": form,
        "act": gettext("Stop serving the zone"),
        "danger": True,
        "back": reverse("dns:zone-show", args=[zone.name]),
    }
    return render(request, "web/confirm.html", context)


def _form_page(
    request: HttpRequest, form: Any, title: str, act: str, back: str, words: str = ""
) -> HttpResponse:
    context = {"form": form, "title": title, "act": act, "back": back, "words": words}
    return render(request, "web/form.html", context)
