"""Pages about packages: limits under a name."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.customers import PackageForm
from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted
from mailstead.control.web.listing import csv_file, listing, wants_csv


@page("package.view")
def package_list(request: HttpRequest) -> HttpResponseBase:
    """The packages, with how many have each."""
    actor = actor_in(request)
    rows = queries.packages(actor, search=request.GET.get("q", "").strip())
    rows = rows.annotate(holders=Count("customers"))
    if wants_csv(request):
        heads = ("name", "owner", "storage_bytes", "mailboxes", "domains", "customers")
        return csv_file("packages", heads, rows, _line)
    context = {
        "listing": listing(
            request,
            rows,
            sorts={
                "name": ("name",),
                "storage": ("quota", "name"),
                "customers": ("holders", "name"),
            },
            default="name",
            hint=gettext("Name of a package"),
        ),
        "owners": actor.sees_everything,
    }
    return render(request, "hosting/packages/list.html", context)


def _line(package: Any) -> tuple[Any, ...]:
    return (
        package.name,
        package.owner.name if package.owner else "",
        package.quota,
        package.mailbox_limit,
        package.domain_limit,
        package.holders,
    )


@page("package.create")
def add(request: HttpRequest) -> HttpResponse:
    """A new package."""
    actor = actor_in(request)
    form = PackageForm.of(None, request.POST or None)

    def create(data: dict[str, Any]) -> None:
        services.create_package(actor=actor, now=timezone.now(), **data)

    if request.method == "POST" and submitted(form, create):
        words = gettext("The package {name} can be given to customers now.")
        messages.success(request, words.format(name=form.cleaned_data["name"]))
        return redirect("hosting:packages")
    return form_page(
        request,
        form,
        title=gettext("Add a package"),
        act=gettext("Add the package"),
        back=reverse("hosting:packages"),
    )


@page("package.update")
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Another name or other limits; who has it keeps the old ones until it is given anew."""
    actor = actor_in(request)
    package = queries.package_numbered(actor, number)
    name = package.name
    form = PackageForm.of(package, request.POST or None)

    def save(data: dict[str, Any]) -> None:
        services.update_package(actor=actor, now=timezone.now(), package=package, **data)

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        if package.customers.exists():
            return redirect("hosting:package-apply", number)
        return redirect("hosting:packages")
    return form_page(
        request,
        form,
        title=gettext("Change the package {name}").format(name=name),
        words=gettext(
            "Customers who have it keep the limits that they got. The next page asks whether they "
            "get the new ones."
        ),
        act=gettext("Save"),
        back=reverse("hosting:packages"),
    )


@page("package.update")
def apply(request: HttpRequest, number: int) -> HttpResponse:
    """Give the package as it is now to everybody who has it."""
    actor = actor_in(request)
    package = queries.package_numbered(actor, number)
    holders = package.customers.count()
    changed: list[int] = []
    return confirmed(
        request,
        Question(
            title=gettext("Give {name} anew").format(name=package.name),
            lines=[
                ngettext(
                    "{n} customer has this package and gets its limits as they are now.",
                    "{n} customers have this package and get its limits as they are now.",
                    holders,
                ).format(n=holders),
                gettext(
                    "Nothing is taken away: who has more mailboxes or domains than a limit allows "
                    "keeps them and cannot add any."
                ),
                gettext(
                    "Who uses more storage than the new limit receives no mail until there "
                    "is room again."
                ),
            ],
            act=ngettext(
                "Give it to the {n} customer who has it",
                "Give it to the {n} customers who have it",
                holders,
            ).format(n=holders),
            back=reverse("hosting:packages"),
        ),
        lambda _data: changed.append(
            services.apply_package(actor=actor, now=timezone.now(), package=package)
        ),
        done=lambda: ngettext(
            "{n} customer has new limits.", "{n} customers have new limits.", changed[0]
        ).format(n=changed[0]),
    )


@page("package.remove", fresh=True)
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Remove a package."""
    actor = actor_in(request)
    package = queries.package_numbered(actor, number)
    name, holders = package.name, package.customers.count()
    return confirmed(
        request,
        Question(
            title=gettext("Remove the package {name}").format(name=name),
            lines=[
                ngettext(
                    "{n} customer has it and keeps the limits that came from it.",
                    "{n} customers have it and keep the limits that came from it.",
                    holders,
                ).format(n=holders),
                gettext("It can be given to nobody any more; this cannot be undone."),
            ],
            act=gettext("Remove the package {name}").format(name=name),
            back=reverse("hosting:packages"),
            danger=True,
        ),
        lambda _data: services.remove_package(actor=actor, now=timezone.now(), package=package),
        done=lambda: gettext("The package {name} is removed.").format(name=name),
    )
